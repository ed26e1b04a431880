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

package server

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	certutil "k8s.io/client-go/util/cert"

	"github.com/hookplane/hookplane/pkg/apiserver"
)

// TestServingReadsFilesAgain renews the files of the serving certificate, as cert-manager does: a client for whom the first one has
// expired succeeds soon after, without a restart.
func TestServingReadsFilesAgain(t *testing.T) {
	const day = 24 * time.Hour
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	renew := func(life time.Duration) *x509.CertPool {
		t.Helper()
		chain, key, err := certutil.GenerateSelfSignedCertKeyWithOptions(certutil.SelfSignedCertKeyOptions{Host: "server.system.svc", MaxAge: life})
		if err != nil {
			t.Fatal(err)
		}
		for file, content := range map[string][]byte{certFile: chain, keyFile: key} {
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(chain)
		return roots
	}
	roots := renew(day)
	o := parseOptions(t, "--data-dir=x", "--bind-address=127.0.0.1", "--secure-port=0", "--tls-cert-file="+certFile, "--tls-private-key-file="+keyFile)
	if err := o.Serving.listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	generic := genericapiserver.NewConfig(apiserver.NewConfig("test").Codecs)
	if err := o.applyServing(generic); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	stopped, _, err := generic.SecureServing.Serve(http.NotFoundHandler(), time.Second, stop)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		close(stop)
		<-stopped
	}()
	connect := func(in time.Duration) error {
		config := &tls.Config{RootCAs: roots, ServerName: "server.system.svc", Time: func() time.Time { return time.Now().Add(in) }}
		connection, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", o.Serving.Listener.Addr().String())
		if err == nil {
			_ = connection.Close()
		}
		return err
	}
	if err := connect(0); err != nil {
		t.Fatal(err)
	}
	if err := connect(2 * day); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Fatalf("after two days the first certificate gives %v", err)
	}
	roots = renew(3 * day)
	end := time.Now().Add(time.Minute)
	for err = connect(2 * day); err != nil && time.Now().Before(end); err = connect(2 * day) {
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		t.Errorf("the renewed certificate is not used: %v", err)
	}
}

// TestSharesCertificate tells when replicas share one.
func TestSharesCertificate(t *testing.T) {
	for args, want := range map[string]bool{
		"":                                    false,
		"--register-apiservice":               true,
		"--register-apiservice --tls-secret=": false,
		"--register-apiservice --apiservice-external-name=localhost":                                       false,
		"--register-apiservice --tls-cert-file=a --tls-private-key-file=b --apiservice-inject-ca-from=n/c": false,
	} {
		if got := parseOptions(t, strings.Fields(args)...).sharesCertificate(); got != want {
			t.Errorf("with %q it is shared: %t, want %t", args, got, want)
		}
	}
}
