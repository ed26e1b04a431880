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
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hookplane/hookplane/test/controlplane/internal/pki"
)

const (
	// requestTimeout bounds one request: a server that starts may accept a connection long before it answers.
	requestTimeout = 5 * time.Second
	// quotedBytes is how much of an answer an error quotes.
	quotedBytes = 512
)

// client asks the servers of a control plane for their state, as its admin.
type client struct{ http *http.Client }

func newClient(ca, admin pki.Pair) (*client, error) {
	key, err := admin.KeyPEM()
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(admin.CertificatePEM(), key)
	if err != nil {
		return nil, fmt.Errorf("cannot use the admin's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.CertificatePEM())
	return &client{http: &http.Client{
		Timeout: requestTimeout,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots, MinVersion: tls.VersionTLS12},
			// A connection kept open would be to a server that has gone since.
			DisableKeepAlives: true,
		},
	}}, nil
}

// get returns nil when url answers with status 200.
func (c *client) get(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("cannot ask %s: %w", url, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, quotedBytes))
	if err != nil {
		return fmt.Errorf("%s answers %s, and the rest cannot be read: %w", url, response.Status, err)
	}
	return fmt.Errorf("%s answers %s: %s", url, response.Status, body)
}
