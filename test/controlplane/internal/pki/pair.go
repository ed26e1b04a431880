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
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// Pair is a certificate with its private key.
type Pair struct {
	certificate []byte // DER
	key         *ecdsa.PrivateKey
}

// CertificatePEM returns the certificate, PEM encoded.
func (p Pair) CertificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.certificate})
}

// KeyPEM returns the private key, PEM encoded.
func (p Pair) KeyPEM() ([]byte, error) { return keyPEM(p.key) }

// KeyPair is a private key with its public half, without a certificate: what signs service account tokens.
type KeyPair struct {
	// Private and Public are PEM encoded.
	Private, Public []byte
}

// NewKeyPair makes a key pair.
func NewKeyPair() (KeyPair, error) {
	key, err := newKey()
	if err != nil {
		return KeyPair{}, err
	}
	private, err := keyPEM(key)
	if err != nil {
		return KeyPair{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return KeyPair{}, fmt.Errorf("cannot encode a public key: %w", err)
	}
	return KeyPair{Private: private, Public: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}, nil
}

// keyPEM uses the SEC 1 form, because it is the one that every Kubernetes component reads for every purpose.
func keyPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("cannot encode a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}
