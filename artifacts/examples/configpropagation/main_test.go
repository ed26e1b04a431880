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
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
)

const (
	parent = `{"apiVersion": "examples.hookplane.dev/v1", "kind": "ConfigPropagation", "metadata": {"name": "p"}, "spec": {
		"source": {"namespace": "default", "name": "ca"}, "namespaceSelector": {"matchLabels": {"ca": "wanted"}}}}`
	source = `{"default/ca": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca", "namespace": "default", "uid": "u"}, "data": {"ca.crt": "x"}, "binaryData": {"b": "AA=="}}}`
)

func request[Request any](t *testing.T, text string) *Request {
	t.Helper()
	r := new(Request)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCustomize(t *testing.T) {
	answer, err := customize(request[hook.CustomizeRequest](t, `{"parent": `+parent+`}`))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"relatedResources":[{"apiVersion":"v1","resource":"configmaps","namespace":"default","names":["ca"]},` +
		`{"apiVersion":"v1","resource":"namespaces","labelSelector":{"matchLabels":{"ca":"wanted"}}}]}`
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestSync(t *testing.T) {
	copyIn := func(namespace string) string {
		return `{"apiVersion":"v1","binaryData":{"b":"AA=="},"data":{"ca.crt":"x"},"kind":"ConfigMap","metadata":{"name":"ca","namespace":"` + namespace + `"}}`
	}
	namespace := func(name, more string) string {
		return `"` + name + `": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "` + name + `"` + more + `}}`
	}
	tests := map[string]struct {
		sources, namespaces string
		want                []string
		wantStatus          string
	}{
		"NoNamespaces": {sources: source, namespaces: `{}`, wantStatus: `{"copies":0}`},
		"NoSource":     {sources: `{}`, namespaces: `{` + namespace("a", "") + `}`, wantStatus: `{"copies":0,"message":"the source does not exist"}`},
		"Copies":       {sources: source, namespaces: `{` + namespace("a", "") + `,` + namespace("b", "") + `}`, want: []string{copyIn("a"), copyIn("b")}, wantStatus: `{"copies":2}`},
		"NotOverSource": {
			sources: source, namespaces: `{` + namespace("default", "") + `,` + namespace("b", "") + `}`,
			want: []string{copyIn("b")}, wantStatus: `{"copies":1}`,
		},
		"NotIntoTerminating": {
			sources: source, namespaces: `{` + namespace("a", `, "deletionTimestamp": "2026-01-02T03:04:05Z"`) + `}`,
			wantStatus: `{"copies":0}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			answer, err := sync(request[hook.CompositeRequest](t,
				`{"parent": `+parent+`, "children": {"ConfigMap.v1": {}}, "related": {"ConfigMap.v1": `+tc.sources+`, "Namespace.v1": `+tc.namespaces+`}}`))
			if err != nil {
				t.Fatal(err)
			}
			var children []string
			for _, child := range answer.Children {
				children = append(children, string(child))
			}
			slices.Sort(children)
			if diff := cmp.Diff(tc.want, children); diff != "" {
				t.Errorf("children (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantStatus, string(answer.Status)); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusesWhatSelectsNoNamespaces(t *testing.T) {
	_, customizeErr := customize(request[hook.CustomizeRequest](t, `{"parent": {"kind": "ConfigPropagation"}}`))
	_, syncErr := sync(request[hook.CompositeRequest](t, `{}`))
	for want, err := range map[string]error{"spec.namespaceSelector is missing": customizeErr, "the request has no parent": syncErr} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}
