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

// Package pki makes the throw-away certificates and keys of one control plane: two authorities, the
// certificates they sign, and the key pair of service account tokens. Everything is ECDSA P-256.
//
// It knows nothing of files, of Kubernetes flags or of processes. Open authority.go first.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

const (
	// validity is longer than any control plane of this kind lives.
	validity = 365 * 24 * time.Hour
	// clockSkew is how far in the past certificates become valid, because the clock of a virtual machine may jump.
	clockSkew = time.Hour
	// serialBits is the size of a serial number: RFC 5280 allows 20 octets, and a random number needs no register.
	serialBits = 127
)

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	pair        Pair
}

// NewAuthority makes a self-signed authority called name.
func NewAuthority(name string, now time.Time) (*Authority, error) {
	template, err := newTemplate(pkix.Name{CommonName: name}, now)
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	certificate, pair, err := sign(template, template, key, key)
	if err != nil {
		return nil, fmt.Errorf("cannot sign authority %q: %w", name, err)
	}
	return &Authority{certificate: certificate, pair: pair}, nil
}

// Pair returns the authority's own certificate and key.
func (a *Authority) Pair() Pair { return a.pair }

// NewServer makes the certificate of a server that answers at hosts, which are IP addresses or DNS names.
func (a *Authority) NewServer(name string, hosts []string, now time.Time) (Pair, error) {
	template, err := newTemplate(pkix.Name{CommonName: name}, now)
	if err != nil {
		return Pair{}, err
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return a.issue(template)
}

// NewClient makes the certificate by which a client proves to be user, a member of groups.
func (a *Authority) NewClient(user string, groups []string, now time.Time) (Pair, error) {
	template, err := newTemplate(pkix.Name{CommonName: user, Organization: groups}, now)
	if err != nil {
		return Pair{}, err
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(template)
}

func (a *Authority) issue(template *x509.Certificate) (Pair, error) {
	template.KeyUsage = x509.KeyUsageDigitalSignature
	key, err := newKey()
	if err != nil {
		return Pair{}, err
	}
	_, pair, err := sign(template, a.certificate, key, a.pair.key)
	if err != nil {
		return Pair{}, fmt.Errorf("cannot sign the certificate of %q: %w", template.Subject.CommonName, err)
	}
	return pair, nil
}

func newTemplate(subject pkix.Name, now time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, fmt.Errorf("cannot draw a serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(validity),
	}, nil
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot generate a key: %w", err)
	}
	return key, nil
}

func sign(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) (*x509.Certificate, Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return nil, Pair{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, Pair{}, err
	}
	return certificate, Pair{certificate: der, key: key}, nil
}
