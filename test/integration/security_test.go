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
	"context"
	"crypto/tls"
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
// and what he may, whatever he says that he is.
func TestStrangersAtTheServersPort(t *testing.T) {
	namespace := newNamespace(t)
	_, err := env.kubernetes.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "stranger"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := env.kubernetes.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "stranger", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	self := newKeyPair(t, "system:masters")
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	strangers := map[string]struct {
		header      http.Header
		certificate *tls.Certificate
		want        string // part of what is said
	}{
		"Nobody":         {want: "system:anonymous"},
		"AdminByHeaders": {header: header("X-Remote-User", "admin", "X-Remote-Group", "system:masters"), want: "system:anonymous"},
		"AdminBySelf":    {certificate: &self.Certificate, want: "Unauthorized"},
		"ProxyBySelf":    {certificate: &self.Certificate, header: header("X-Remote-User", "admin", "X-Remote-Group", "system:masters"), want: "Unauthorized"},
		"Impersonator":   {header: header("Impersonate-User", "admin", "Impersonate-Group", "system:masters"), want: "system:anonymous"},
		"WrongToken":     {header: header("Authorization", "Bearer nonsense"), want: "Unauthorized"},
		"ServiceAccount": {header: header("Authorization", "Bearer "+token.Status.Token), want: "system:serviceaccount:" + namespace + ":stranger"},
	}
	for name, stranger := range strangers {
		t.Run(name, func(t *testing.T) {
			config := &tls.Config{InsecureSkipVerify: true} // the certificate is of the server's own making
			if stranger.certificate != nil {                // shown although no authority that the server names has signed it
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return stranger.certificate, nil }
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
			defer client.CloseIdleConnections()
			for _, path := range []string{
				"/apis/metacontroller.k8s.io/v1alpha1/compositecontrollers", "/apis/admission.metacontroller.k8s.io/v1alpha1/initializations", "/metrics", "/debug/pprof/heap",
			} {
				status, said, err := fetch(t.Context(), client, serverAddress(t)+path, stranger.header)
				if err != nil {
					t.Fatal(err)
				}
				if status != http.StatusForbidden && status != http.StatusUnauthorized || !strings.Contains(said, stranger.want) {
					t.Errorf("%s answers %d, want a refusal with %q: %.200s", path, status, stranger.want, said)
				}
			}
		})
	}
}

// fetch returns what a server answers.
func fetch(ctx context.Context, client *http.Client, url string, header http.Header) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
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
