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
	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

const (
	shop = `{"apiVersion": "apps.hybris.com/v1", "kind": "Ecommerce", "metadata": {"name": "shop-1", "namespace": "default"}, "spec": {
		"search-backend": "solr", "ingress-class": "apache",
		"template": {"spec": {"containers": [{"name": "hybris", "image": "hybris-commerce:6.6.0.0", "command": ["catalina.sh", "run"]}]}}}}`
	hybris        = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"hybris"},"spec":{"containers":[{"name":"hybris","image":"hybris-commerce:6.6.0.0","command":["catalina.sh","run"]}]}}`
	solr          = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"solr"},"spec":{"containers":[{"name":"solr","image":"solr:9.9"}]}}`
	elasticsearch = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"elasticsearch"},"spec":{"containers":[{"name":"elasticsearch","image":"elasticsearch:9.1.3","env":[{"name":"discovery.type","value":"single-node"}]}]}}`
	apache        = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"apache"},"spec":{"containers":[{"name":"apache","image":"httpd:2.4"}]}}`
	nginx         = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"nginx"},"spec":{"containers":[{"name":"nginx","image":"nginx:1.29"}]}}`
	ready1        = `{"metadata": {"name": "x"}, "status": {"conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "True"}]}}`
	unready       = `{"metadata": {"name": "x"}, "status": {"conditions": [{"type": "Ready", "status": "False"}]}}`
	pending       = `{"metadata": {"name": "x"}, "status": {}}`
)

func TestSync(t *testing.T) {
	tests := map[string]struct {
		parent, pods  string
		wantPods      []string
		wantAvailable string
	}{
		"New": {
			parent: shop, pods: `{}`,
			wantPods: []string{hybris, solr, apache}, wantAvailable: "False",
		},
		"Starting": {
			parent: shop, pods: `{"hybris": ` + ready1 + `, "solr": ` + unready + `, "apache": ` + pending + `}`,
			wantPods: []string{hybris, solr, apache}, wantAvailable: "False",
		},
		"OneMissing": {
			parent: shop, pods: `{"hybris": ` + ready1 + `, "solr": ` + ready1 + `}`,
			wantPods: []string{hybris, solr, apache}, wantAvailable: "False",
		},
		"Available": {
			parent: shop, pods: `{"hybris": ` + ready1 + `, "solr": ` + ready1 + `, "apache": ` + ready1 + `}`,
			wantPods: []string{hybris, solr, apache}, wantAvailable: "True",
		},
		"OtherSearchBackend": {
			parent: strings.Replace(shop, "solr", "elasticsearch", 1), pods: `{"hybris": ` + ready1 + `, "solr": ` + ready1 + `, "apache": ` + ready1 + `}`,
			wantPods: []string{hybris, elasticsearch, apache}, wantAvailable: "False",
		},
		"OnlyHybris": {
			parent: `{"spec": {"template": {"spec": {"containers": [{"name": "hybris", "image": "hybris-commerce:6.6.0.0", "command": ["catalina.sh", "run"]}]}}}}`, pods: `{"hybris": ` + ready1 + `}`,
			wantPods: []string{hybris}, wantAvailable: "True",
		},
		"UnheardOfBackend": {
			parent: strings.Replace(shop, "solr", "grep", 1), pods: `{}`,
			wantPods: []string{hybris, strings.NewReplacer("solr:9.9", "grep", "solr", "grep").Replace(solr), apache}, wantAvailable: "False",
		},
		"OtherIngressClass": {
			parent: strings.Replace(shop, "apache", "nginx", 1), pods: `{}`,
			wantPods: []string{hybris, solr, nginx}, wantAvailable: "False",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := `{"status":{"conditions":[{"type":"Available","status":"` + tc.wantAvailable + `"}]},"children":[` + strings.Join(tc.wantPods, ",") + `]}`
			for range 3 { // the same every time
				if diff := cmp.Diff(want, answer(t, tc.parent, tc.pods)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestSyncRefusesShopWithoutTemplate(t *testing.T) {
	_, err := sync(request{})
	if err == nil || !strings.Contains(err.Error(), "spec.template.spec is missing") {
		t.Errorf("sync() error = %v, want one that names spec.template.spec", err)
	}
}

// answer returns what the hook sends for a shop and its Pods.
func answer(t *testing.T, parent, pods string) string {
	t.Helper()
	var observed request
	if err := json.Unmarshal([]byte(`{"parent": `+parent+`, "children": {"Pod.v1": `+pods+`}, "related": {}, "finalizing": false}`), &observed); err != nil {
		t.Fatal(err)
	}
	desired, err := sync(observed)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(desired)
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range desired.Children { // every field must be one that the API server knows
		raw, err := json.Marshal(child)
		if err != nil {
			t.Fatal(err)
		}
		if problems, err := kjson.UnmarshalStrict(raw, &corev1.Pod{}); err != nil || len(problems) > 0 {
			t.Errorf("Pod %s: %v %v", raw, err, problems)
		}
	}
	return string(raw)
}
