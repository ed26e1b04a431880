/*
Copyright The Hookplane Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package certificate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	certutil "k8s.io/client-go/util/cert"
)

// Keys of the Secret's data, besides those that every Secret of its type has.
const (
	// authoritiesKey has what verifies the certificate, its successor, and its predecessor until that expires.
	authoritiesKey = "ca.crt"
	// The successor, from when its authority is published until it takes the certificate's place.
	nextCertKey, nextPrivateKeyKey = "next.crt", "next.key"
)

const (
	// renewBefore is how long before its end a certificate gets a successor.
	renewBefore = validity / 3
	// overlap is how long the authority of a successor is published before the successor is used: until every replica has read
	// the Secret, and everybody who verifies has what they publish.
	overlap = time.Hour
)

// advance returns what the Secret's data is to be; when nothing is due, the data itself.
func advance(data map[string][]byte, hosts []string, now time.Time) (map[string][]byte, bool, error) {
	current := usable(data, corev1.TLSCertKey, corev1.TLSPrivateKeyKey, hosts, now)
	next := usable(data, nextCertKey, nextPrivateKeyKey, hosts, now)
	result := maps.Clone(data)
	if result == nil {
		result = map[string][]byte{}
	}
	switch {
	case next != nil && (current == nil || !now.Before(next.NotBefore.Add(backdate+overlap))):
		result[corev1.TLSCertKey], result[corev1.TLSPrivateKeyKey] = data[nextCertKey], data[nextPrivateKeyKey]
		delete(result, nextCertKey)
		delete(result, nextPrivateKeyKey)
	case current == nil: // there is nothing to wait for
		made, err := issue(hosts, now)
		if err != nil {
			return nil, false, fmt.Errorf("cannot make a serving certificate: %w", err)
		}
		result[corev1.TLSCertKey], result[corev1.TLSPrivateKeyKey] = made.certificate, made.key
		result[authoritiesKey] = append(valid(data[authoritiesKey], now), made.authority...)
		delete(result, nextCertKey)
		delete(result, nextPrivateKeyKey)
	case next == nil && !now.Before(current.NotAfter.Add(-renewBefore)):
		made, err := issue(hosts, now)
		if err != nil {
			return nil, false, fmt.Errorf("cannot make the next serving certificate: %w", err)
		}
		result[nextCertKey], result[nextPrivateKeyKey] = made.certificate, made.key
		result[authoritiesKey] = append(valid(data[authoritiesKey], now), made.authority...)
	default:
		return data, false, nil
	}
	return result, true, nil
}

// usable returns the certificate under a key, if one can serve the hosts with it now; else nil.
func usable(data map[string][]byte, certKey, privateKeyKey string, hosts []string, now time.Time) *x509.Certificate {
	found, err := tls.X509KeyPair(data[certKey], data[privateKeyKey])
	if err != nil {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data[authoritiesKey])
	for _, host := range hosts {
		if _, err := found.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, DNSName: host}); err != nil {
			return nil
		}
	}
	return found.Leaf
}

// valid returns the certificates that have not expired.
func valid(bundle []byte, now time.Time) []byte {
	all, err := certutil.ParseCertsPEM(bundle)
	if err != nil {
		return nil // none
	}
	var result bytes.Buffer
	for _, certificate := range all {
		if !now.After(certificate.NotAfter) {
			result.Write(encode(certificate))
		}
	}
	return result.Bytes()
}
