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

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

const pollInterval = 100 * time.Millisecond

// admin sends requests to a kube-apiserver with the credentials of a kubeconfig.
type admin struct {
	server string
	http   *http.Client
}

func newAdmin(t *testing.T, kubeconfig string) *admin {
	t.Helper()
	content, err := os.ReadFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) string {
		match := regexp.MustCompile(`(?m)^\s*` + name + `: (\S+)$`).FindSubmatch(content)
		if match == nil {
			t.Fatalf("the kubeconfig has no %s", name)
		}
		return string(match[1])
	}
	decoded := func(name string) []byte {
		data, err := base64.StdEncoding.DecodeString(field(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return data
	}
	certificate, err := tls.X509KeyPair(decoded("client-certificate-data"), decoded("client-key-data"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(decoded("certificate-authority-data"))
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return &admin{server: field("server"), http: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// do returns the status and the object that was answered, which is nil when the answer is not a JSON object.
func (a *admin) do(ctx context.Context, method, path, body string) (int, map[string]any, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.server+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	var object map[string]any
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		return response.StatusCode, nil, nil
	}
	return response.StatusCode, object, json.NewDecoder(response.Body).Decode(&object)
}

// expect fails the test unless the request is answered with the status. It returns the object that was answered.
func (a *admin) expect(t *testing.T, method, path, body string, want int) map[string]any {
	t.Helper()
	got, object, err := a.do(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("%s %s: got status %d, want %d: %v", method, path, got, want, object)
	}
	return object
}

// await gets the path until the answer has the status.
func (a *admin) await(t *testing.T, path string, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for {
		got, object, err := a.do(ctx, http.MethodGet, path, "")
		if err == nil && got == want {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not answer with status %d within %s; last: status %d, %v, error %v", path, want, deadline, got, object, err)
		case <-time.After(pollInterval):
		}
	}
}
