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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/hook"
)

const parent = `{"apiVersion": "examples.hookplane.dev/v1", "kind": "Tenant", "metadata": {"name": "acme"}, "spec": {"namespaces": ["dev", "prod"], "quota": {"pods": "10", "requests.cpu": 4}}}`

func TestSync(t *testing.T) {
	tests := map[string]struct {
		namespaces, quotas string
		want               []string
		wantStatus         string
	}{
		"New":                 {namespaces: `{}`, quotas: `{}`, want: []string{"Namespace acme-dev", "Namespace acme-prod"}, wantStatus: `{"ready":0,"desired":2}`},
		"OneNamespace":        {namespaces: `{"acme-prod": {"kind": "Namespace"}}`, quotas: `{}`, want: []string{"Namespace acme-dev", "Namespace acme-prod", "ResourceQuota acme-prod/tenant"}, wantStatus: `{"ready":0,"desired":2}`},
		"Ready":               {namespaces: `{"acme-prod": {"kind": "Namespace"}}`, quotas: `{"acme-prod/tenant": {"kind": "ResourceQuota"}}`, want: []string{"Namespace acme-dev", "Namespace acme-prod", "ResourceQuota acme-prod/tenant"}, wantStatus: `{"ready":1,"desired":2}`},
		"TerminatingHasQuota": {namespaces: `{"acme-dev": {"kind": "Namespace", "metadata": {"deletionTimestamp": "2026-01-02T03:04:05Z"}}}`, quotas: `{"acme-dev/tenant": {"kind": "ResourceQuota"}}`, want: []string{"Namespace acme-dev", "Namespace acme-prod"}, wantStatus: `{"ready":0,"desired":2}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var observed hook.CompositeRequest
			if err := json.Unmarshal([]byte(`{"parent": `+parent+`, "children": {"Namespace.v1": `+tc.namespaces+`, "ResourceQuota.v1": `+tc.quotas+`}}`), &observed); err != nil {
				t.Fatal(err)
			}
			answer, err := sync(&observed)
			if err != nil {
				t.Fatal(err)
			}
			var children []string
			for _, raw := range answer.Children {
				child := &unstructured.Unstructured{}
				if err := child.UnmarshalJSON(raw); err != nil {
					t.Fatal(err)
				}
				children = append(children, strings.Replace(child.GetKind()+" "+child.GetNamespace()+"/"+child.GetName(), " /", " ", 1))
				if child.GetKind() != "ResourceQuota" {
					continue
				}
				hard, _, _ := unstructured.NestedStringMap(child.Object, "spec", "hard")
				if diff := cmp.Diff(map[string]string{"pods": "10", "requests.cpu": "4"}, hard); diff != "" {
					t.Errorf("quota (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(tc.want, children); diff != "" {
				t.Errorf("children (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantStatus, string(answer.Status)); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSyncRefuses(t *testing.T) {
	if _, err := sync(&hook.CompositeRequest{}); err == nil || !strings.Contains(err.Error(), "the request has no parent") {
		t.Errorf("sync() of nothing = %v, want an error", err)
	}
	quantity := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"quota": map[string]any{"pods": "many"}}}}
	if _, err := sync(&hook.CompositeRequest{Parent: quantity}); err == nil {
		t.Error("sync() of a quota that is no quantity = nil, want an error")
	}
}
