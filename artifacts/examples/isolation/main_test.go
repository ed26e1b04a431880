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
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/hookplane/hookplane/apis/hook"
)

// namespace is a request about one without attachments.
const namespace = `{"object": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "annotations": {"examples.hookplane.dev/isolate": " ingress, monitoring,"}}}, "attachments": {"NetworkPolicy.networking.k8s.io/v1": {}}}`

func TestSync(t *testing.T) {
	for name, tc := range map[string]struct {
		request   string
		wantLabel bool
	}{
		"New":      {request: namespace},
		"Isolated": {request: strings.Replace(namespace, `v1": {}}`, `v1": {"shop/isolation": {"kind": "NetworkPolicy"}}}`, 1), wantLabel: true},
	} {
		t.Run(name, func(t *testing.T) {
			var observed hook.DecoratorRequest
			if err := json.Unmarshal([]byte(tc.request), &observed); err != nil {
				t.Fatal(err)
			}
			answer, err := sync(&observed)
			if err != nil {
				t.Fatal(err)
			}
			var policy networkingv1.NetworkPolicy
			if err := json.Unmarshal(answer.Attachments[0], &policy); err != nil {
				t.Fatal(err)
			}
			welcome := policy.Spec.Ingress[0].From[0].NamespaceSelector.MatchExpressions[0].Values
			if diff := cmp.Diff([]string{"shop", "ingress", "monitoring"}, welcome); diff != "" || policy.Namespace != "shop" {
				t.Errorf("policy of namespace %q lets in (-want +got):\n%s", policy.Namespace, diff)
			}
			if _, labelled := answer.Labels["examples.hookplane.dev/isolated"]; labelled != tc.wantLabel {
				t.Errorf("labels = %v, want one: %t", answer.Labels, tc.wantLabel)
			}
		})
	}
}

func TestSyncRefuses(t *testing.T) {
	if _, err := sync(&hook.DecoratorRequest{}); err == nil || !strings.Contains(err.Error(), "the request has no object") {
		t.Errorf("sync() of nothing = %v, want an error", err)
	}
}
