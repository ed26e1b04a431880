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

package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hookplane/hookplane/test/controlplane/internal/pki"
)

// The certificates and keys of a control plane, as folder.certificate and folder.key name their files.
const (
	clusterCA                = "ca"                             // signs all that the components show each other
	frontProxyCA             = "front-proxy-ca"                 // signs frontProxyClient and nothing else
	apiServerServing         = "kube-apiserver"                 // kube-apiserver's TLS
	controllerManagerServing = "kube-controller-manager"        // kube-controller-manager's TLS
	frontProxyClient         = "front-proxy-client"             // kube-apiserver towards aggregated API servers
	adminClient              = "admin"                          // in the admin's kubeconfig
	controllerManagerClient  = "kube-controller-manager-client" // in kube-controller-manager's kubeconfig
	serviceAccountKey        = "service-account"                // signs tokens; the .crt file holds the public key
)

// frontProxyUser is the one name that may assert identities to aggregated API servers.
const frontProxyUser = "front-proxy-client"

// credentials are the certificates with their keys, by name.
type credentials map[string]pki.Pair

// newCredentials makes all certificates of one control plane.
func newCredentials(now time.Time) (credentials, error) {
	ca, err := pki.NewAuthority("hookplane-local-ca", now)
	if err != nil {
		return nil, err
	}
	proxyCA, err := pki.NewAuthority("hookplane-local-front-proxy-ca", now)
	if err != nil {
		return nil, err
	}
	made := credentials{clusterCA: ca.Pair(), frontProxyCA: proxyCA.Pair()}
	for name, hosts := range map[string][]string{
		apiServerServing:         {loopback, "::1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", firstServiceIP},
		controllerManagerServing: {loopback},
	} {
		if made[name], err = ca.NewServer(name, hosts, now); err != nil {
			return nil, err
		}
	}
	for _, client := range []struct {
		name   string
		signer *pki.Authority
		user   string
		groups []string
	}{
		{frontProxyClient, proxyCA, frontProxyUser, nil},
		{adminClient, ca, "hookplane-local-admin", []string{"system:masters"}},
		{controllerManagerClient, ca, "system:kube-controller-manager", nil},
	} {
		if made[client.name], err = client.signer.NewClient(client.user, client.groups, now); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// write puts the credentials, and a key pair for service account tokens, into the folder.
func (c credentials) write(f folder) error {
	for name, pair := range c {
		key, err := pair.KeyPEM()
		if err != nil {
			return err
		}
		if err := writePEM(f, name, pair.CertificatePEM(), key); err != nil {
			return err
		}
	}
	tokens, err := pki.NewKeyPair()
	if err != nil {
		return err
	}
	return writePEM(f, serviceAccountKey, tokens.Public, tokens.Private)
}

func writePEM(f folder, name string, public, private []byte) error {
	for file, content := range map[string][]byte{f.certificate(name): public, f.key(name): private} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return fmt.Errorf("cannot write %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}
