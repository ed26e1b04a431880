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

package integration

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestStrangersAtTheServersPort goes past kube-apiserver, to where the server itself listens: whoever comes is asked who he is
// and what he may, whatever he says that he is. Who may read metrics reads them, and nothing else.
func TestStrangersAtTheServersPort(t *testing.T) {
	const metrics = "/metrics"
	guarded := []string{
		metrics, "/apis/metacontroller.k8s.io/v1alpha1/compositecontrollers", "/apis/admission.metacontroller.k8s.io/v1alpha1/initializations", "/debug/pprof/heap",
	}
	namespace := newNamespace(t)
	token := newServiceAccount(t, namespace, "stranger")
	self := newKeyPair(t, "system:masters")
	admin := http.Header{"X-Remote-User": {"admin"}, "X-Remote-Group": {"system:masters"}}
	strangers := map[string]struct {
		header      http.Header
		certificate *tls.Certificate
		want        string // part of what is said
	}{
		"Nobody":         {want: "system:anonymous"},
		"AdminByHeaders": {header: admin, want: "system:anonymous"},
		"AdminBySelf":    {certificate: &self.Certificate, want: "Unauthorized"},
		"ProxyBySelf":    {certificate: &self.Certificate, header: admin, want: "Unauthorized"},
		"Impersonator":   {header: http.Header{"Impersonate-User": {"admin"}, "Impersonate-Group": {"system:masters"}}, want: "system:anonymous"},
		"WrongToken":     {header: bearer("nonsense"), want: "Unauthorized"},
		"ServiceAccount": {header: bearer(token), want: "system:serviceaccount:" + namespace + ":stranger"},
	}
	for name, stranger := range strangers {
		t.Run(name, func(t *testing.T) {
			client := clientWith(t, stranger.certificate)
			for _, path := range guarded {
				status, said := fetch(t, client, serverAddress(t)+path, stranger.header)
				if status != http.StatusForbidden && status != http.StatusUnauthorized || !strings.Contains(said, stranger.want) {
					t.Errorf("%s answers %d, want a refusal with %q: %.200s", path, status, stranger.want, said)
				}
			}
		})
	}
	// As docs/operating.md says.
	mustKubectl(t, "", "create", "clusterrole", namespace, "--verb=get", "--non-resource-url=/metrics")
	mustKubectl(t, "", "create", "clusterrolebinding", namespace, "--clusterrole="+namespace, "--serviceaccount="+namespace+":stranger")
	defer mustKubectl(t, "", "delete", "clusterrole,clusterrolebinding", namespace)
	client := clientWith(t, nil)
	eventually(t, "the service account may read metrics", func() error {
		if status, said := fetch(t, client, serverAddress(t)+metrics, bearer(token)); status != http.StatusOK {
			return fmt.Errorf("the answer is %d: %.200s", status, said)
		}
		return nil
	})
	for _, path := range guarded[1:] {
		if status, said := fetch(t, client, serverAddress(t)+path, bearer(token)); status != http.StatusForbidden {
			t.Errorf("who may read metrics is answered %d at %s: %.200s", status, path, said)
		}
	}
}

// newServiceAccount makes a service account and returns a token of its.
func newServiceAccount(t *testing.T, namespace, name string) string {
	t.Helper()
	accounts := env.kubernetes.CoreV1().ServiceAccounts(namespace)
	if _, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := accounts.CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return token.Status.Token
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// clientWith returns a client that shows a certificate, although no authority that the server names has signed it; nil: none.
func clientWith(t *testing.T, certificate *tls.Certificate) *http.Client {
	t.Helper()
	config := &tls.Config{InsecureSkipVerify: true} // the certificate is of the server's own making
	if certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// fetch returns what a server answers.
func fetch(t *testing.T, client *http.Client, url string, header http.Header) (status int, said string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header.Clone()
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// TestHookTakesNothingOfOthers has a hook want objects that exist and are not its parent's: they stay as they are.
func TestHookTakesNothingOfOthers(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "grabber")
	mine, controlled := map[string]string{"is": "mine"}, true
	unowned, err := env.kubernetes.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "unowned"}, Data: mine,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	owner := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: unowned.Name, UID: unowned.UID, Controller: &controlled}
	_, err = env.kubernetes.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "owned", OwnerReferences: []metav1.OwnerReference{owner}}, Data: mine,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hook := newHook(t, func(in request) response {
		wanted := nested[string](in.Parent, "metadata", "name")
		return response{Children: []object{configMap(wanted, object{"is": "the hook's", "more": "of it"})}}
	})
	newController(t, kind, hook)
	for name, why := range map[string]string{"unowned": "is controlled by nobody", "owned": "is controlled by ConfigMap unowned"} {
		t.Run(name, func(t *testing.T) {
			newParent(t, kind, namespace, name, object{})
			eventuallyEvent(t, namespace, name, "SyncError", why)
			found, err := env.kubernetes.CoreV1().ConfigMaps(namespace).Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(mine, found.Data); diff != "" || found.DeletionTimestamp != nil {
				t.Errorf("the object of somebody else was deleted at %v, changed -was, +is:\n%s", found.DeletionTimestamp, diff)
			}
		})
	}
}
