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
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// hostServer answers the request for the ConfigMap.
func hostServer(t *testing.T, handler http.HandlerFunc) *rest.Config {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
}

func answerConfigMap(t *testing.T, w http.ResponseWriter, data map[string]string) {
	t.Helper()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(&corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: authenticationConfigMap},
		Data:       data,
	}); err != nil {
		t.Error(err)
	}
}

func answerStatus(t *testing.T, w http.ResponseWriter, code int32, message string) {
	t.Helper()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(code))
	if err := json.NewEncoder(w).Encode(&metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: code, Message: message,
	}); err != nil {
		t.Error(err)
	}
}

func TestCheckHost(t *testing.T) {
	cases := map[string]struct {
		reason string
		answer func(t *testing.T, w http.ResponseWriter, attempt int32)
		want   string // part of the error; empty: none
	}{
		"Answers": {
			answer: func(t *testing.T, w http.ResponseWriter, _ int32) {
				answerConfigMap(t, w, map[string]string{requestHeaderCAKey: "pem"})
			},
		},
		"AnswersLater": {
			reason: "a kube-apiserver that starts is waited for",
			answer: func(t *testing.T, w http.ResponseWriter, attempt int32) {
				if attempt == 1 {
					answerStatus(t, w, http.StatusServiceUnavailable, "starting")
					return
				}
				answerConfigMap(t, w, map[string]string{requestHeaderCAKey: "pem"})
			},
		},
		"Forbidden": {
			answer: func(t *testing.T, w http.ResponseWriter, _ int32) {
				answerStatus(t, w, http.StatusForbidden, "you may not")
			},
			want: "the Role extension-apiserver-authentication-reader grants that): you may not",
		},
		"WithoutAggregation": {
			answer: func(t *testing.T, w http.ResponseWriter, _ int32) {
				answerConfigMap(t, w, map[string]string{"client-ca-file": "pem"})
			},
			want: "has no aggregation layer",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var attempts atomic.Int32
			host := hostServer(t, func(w http.ResponseWriter, _ *http.Request) { tc.answer(t, w, attempts.Add(1)) })
			err := checkHost(t.Context(), host)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("checkHost gives %v, want none (%s)", err, tc.reason)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("checkHost gives %v, want %q (%s)", err, tc.want, tc.reason)
			}
		})
	}
}

func TestCheckHostUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := "http://" + listener.Addr().String()
	listener.Close()

	err = checkHost(t.Context(), &rest.Config{Host: host, QPS: -1})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot reach the host cluster at "+host+" (see --kubeconfig): ") || !strings.HasSuffix(err.Error(), "connection refused") {
		t.Errorf("checkHost gives %v, want that nobody listens", err)
	}
}

func TestHostOptionsConnect(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "") // not in a cluster
	garbage := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(garbage, []byte("a:\n\tb"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ kubeconfig, want string }{
		"None":    {want: "--kubeconfig is required outside of a cluster"},
		"Missing": {kubeconfig: "/nonexistent", want: `cannot use --kubeconfig "/nonexistent": stat /nonexistent: no such file or directory`},
		"Garbage": {kubeconfig: garbage, want: `cannot use --kubeconfig "` + garbage + `": `},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := (&HostOptions{Kubeconfig: tc.kubeconfig}).connect()
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("connect gives %v, want one line %q", err, tc.want)
			}
		})
	}
}
