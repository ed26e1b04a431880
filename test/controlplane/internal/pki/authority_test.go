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

package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"testing"
	"time"
)

var now = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func TestAuthorityNewServer(t *testing.T) {
	authority := newAuthority(t, "authority")
	stranger := newAuthority(t, "stranger")
	pair, err := authority.NewServer("server", []string{"127.0.0.1", "kubernetes.default.svc"}, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		trusted *Authority
		host    string
		usage   x509.ExtKeyUsage
		at      time.Time
		want    bool
	}{
		"IPAddress":        {authority, "127.0.0.1", x509.ExtKeyUsageServerAuth, now, true},
		"DNSName":          {authority, "kubernetes.default.svc", x509.ExtKeyUsageServerAuth, now, true},
		"ClockBehind":      {authority, "127.0.0.1", x509.ExtKeyUsageServerAuth, now.Add(-time.Minute), true},
		"OtherHost":        {authority, "127.0.0.2", x509.ExtKeyUsageServerAuth, now, false},
		"NotAClient":       {authority, "127.0.0.1", x509.ExtKeyUsageClientAuth, now, false},
		"Expired":          {authority, "127.0.0.1", x509.ExtKeyUsageServerAuth, now.Add(2 * validity), false},
		"UnknownAuthority": {stranger, "127.0.0.1", x509.ExtKeyUsageServerAuth, now, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, pair).Verify(x509.VerifyOptions{
				DNSName: tc.host, Roots: pool(t, tc.trusted), CurrentTime: tc.at, KeyUsages: []x509.ExtKeyUsage{tc.usage},
			})
			if got := err == nil; got != tc.want {
				t.Errorf("valid: got %t (%v), want %t", got, err, tc.want)
			}
		})
	}
}

func TestAuthorityNewClient(t *testing.T) {
	authority := newAuthority(t, "authority")
	pair, err := authority.NewClient("admin", []string{"system:masters"}, now)
	if err != nil {
		t.Fatal(err)
	}
	certificate := parse(t, pair)
	options := x509.VerifyOptions{Roots: pool(t, authority), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := certificate.Verify(options); err != nil {
		t.Errorf("not a valid client certificate: %v", err)
	}
	if got, want := certificate.Subject.CommonName, "admin"; got != want {
		t.Errorf("user: got %q, want %q", got, want)
	}
	if got, want := certificate.Subject.Organization, []string{"system:masters"}; !slices.Equal(got, want) {
		t.Errorf("groups: got %q, want %q", got, want)
	}
}

func TestPairPEM(t *testing.T) {
	key, err := newAuthority(t, "authority").Pair().KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newAuthority(t, "authority").NewClient("client", nil, now)
	if err != nil {
		t.Fatal(err)
	}
	otherKey, err := other.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(other.CertificatePEM(), otherKey); err != nil {
		t.Errorf("certificate and key do not fit together: %v", err)
	}
	if _, err := tls.X509KeyPair(other.CertificatePEM(), key); err == nil {
		t.Error("the key of another certificate fits")
	}
}

func TestNewKeyPair(t *testing.T) {
	pair, err := NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParseECPrivateKey(decode(t, pair.Private))
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.ParsePKIXPublicKey(decode(t, pair.Public))
	if err != nil {
		t.Fatal(err)
	}
	if !private.PublicKey.Equal(public) {
		t.Error("the halves of the key pair do not fit together")
	}
}

func newAuthority(t *testing.T, name string) *Authority {
	t.Helper()
	authority, err := NewAuthority(name, now)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func pool(t *testing.T, authority *Authority) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(parse(t, authority.Pair()))
	return roots
}

func parse(t *testing.T, pair Pair) *x509.Certificate {
	t.Helper()
	certificate, err := x509.ParseCertificate(decode(t, pair.CertificatePEM()))
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func decode(t *testing.T, content []byte) []byte {
	t.Helper()
	block, rest := pem.Decode(content)
	if block == nil || len(rest) > 0 {
		t.Fatalf("want exactly one PEM block: %q", content)
	}
	return block.Bytes
}
