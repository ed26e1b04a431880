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

package credentials

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// Credentials are what calls of a hook use. They are read only.
type Credentials struct {
	// RootCAs may have signed the server's certificate. Nil: what the system trusts.
	RootCAs *x509.CertPool
	// Certificate is what the server is shown; nil for none.
	Certificate *tls.Certificate
	// Identity is equal for credentials with equal RootCAs and Certificate: these can share connections.
	Identity string
	// Authorization is the value of the header; "" for none.
	Authorization string

	secrets             []string // parts of Authorization, none of which may be shown
	authorities         []byte   // PEM of RootCAs
	certificate, secret []byte   // PEM of Certificate
}

// redacted stands for what must not be shown.
const redacted = "[REDACTED]"

// Redact returns text without what is secret in the Authorization header, which a server may have repeated.
func (c *Credentials) Redact(text []byte) []byte {
	for _, secret := range c.secrets {
		if secret != "" {
			text = bytes.ReplaceAll(text, []byte(secret), []byte(redacted))
		}
	}
	return text
}

// Redactor returns Redact, or nil when there is nothing to take out.
func (c *Credentials) Redactor() func([]byte) []byte {
	if len(c.secrets) == 0 {
		return nil
	}
	return c.Redact
}

// RedactError returns an error that says the same without what is secret, and wraps err.
func (c *Credentials) RedactError(err error) error {
	text := err.Error()
	if shown := string(c.Redact([]byte(text))); shown != text {
		return &redactedError{text: shown, err: err}
	}
	return err
}

// redactedError is an error whose own text may not be shown.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Unwrap returns the error whose text may not be shown, for whoever branches on its type.
func (e *redactedError) Unwrap() error { return e.err }

// setRootCAs takes the certificates of a PEM bundle. Blocks of other types and text between blocks are ignored.
func (c *Credentials) setRootCAs(bundle []byte) error {
	pool, count := x509.NewCertPool(), 0
	for rest := bundle; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if bytes.Contains(rest, []byte("-----BEGIN")) {
				return fmt.Errorf("it is not valid PEM after %d certificates", count)
			}
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		count++
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("certificate %d cannot be parsed: %w", count, err)
		}
		pool.AddCert(certificate)
	}
	if count == 0 {
		return errors.New("it has no certificate in PEM, starting with -----BEGIN CERTIFICATE-----")
	}
	c.RootCAs, c.authorities = pool, bundle
	return nil
}

func (c *Credentials) setCertificate(certificate, private []byte) error {
	pair, err := tls.X509KeyPair(certificate, private)
	if err != nil {
		return err
	}
	c.Certificate, c.certificate, c.secret = &pair, certificate, private
	return nil
}

// setIdentity sets Identity, and lets go of what it is made of.
func (c *Credentials) setIdentity() {
	if c.RootCAs == nil && c.Certificate == nil {
		return
	}
	hash := sha256.New()
	for _, part := range [][]byte{c.authorities, c.certificate, c.secret} {
		_, _ = fmt.Fprintf(hash, "%d:", len(part)) // a hash takes everything
		_, _ = hash.Write(part)
	}
	c.Identity = hex.EncodeToString(hash.Sum(nil))
	c.authorities, c.certificate, c.secret = nil, nil, nil
}
