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

package hook_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/pkg/hook"
)

func TestCompositeRequestAppendJSON(t *testing.T) {
	object := func(namespace, name string) hook.ObjectRef {
		return hook.ObjectRef{Namespace: namespace, Name: name, Raw: []byte(`"` + namespace + "|" + name + `"`)}
	}
	// One group of each scope, in the default namespace, in another one, and in none; out of order.
	groups := []hook.Group{
		{Kind: "StatefulSet", APIVersion: "apps/v1", Namespaced: true},
		{Kind: "Pod", APIVersion: "v1", Namespaced: true, Objects: []hook.ObjectRef{object("default", "b"), object("other", "c"), object("default", "a")}},
		{Kind: "Namespace", APIVersion: "v1", Objects: []hook.ObjectRef{object("", "n")}},
	}
	tests := map[string]struct {
		request hook.CompositeRequest
		want    string
	}{
		"Minimal": {
			request: hook.CompositeRequest{},
			want:    `"children":{},"related":{},"finalizing":false}`,
		},
		"Finalizing": {
			request: hook.CompositeRequest{Finalizing: true},
			want:    `"children":{},"related":{},"finalizing":true}`,
		},
		"V1NamespacedParent": {
			request: hook.CompositeRequest{Version: hook.V1, ParentNamespaced: true, ParentNamespace: "default", Children: groups},
			want:    `"children":{"Namespace.v1":{},"Pod.v1":{"a":"default|a","b":"default|b"},"StatefulSet.apps/v1":{}},"related":{},"finalizing":false}`,
		},
		"V1ClusterParent": {
			request: hook.CompositeRequest{Children: groups},
			want:    `"children":{"Namespace.v1":{"n":"|n"},"Pod.v1":{"default/a":"default|a","default/b":"default|b","other/c":"other|c"},"StatefulSet.apps/v1":{}},"related":{},"finalizing":false}`,
		},
		"V2NamespacedParent": {
			request: hook.CompositeRequest{Version: hook.V2, ParentNamespaced: true, ParentNamespace: "default", Children: groups},
			want:    `"children":{"Namespace.v1":{"n":"|n"},"Pod.v1":{"default/a":"default|a","default/b":"default|b","other/c":"other|c"},"StatefulSet.apps/v1":{}},"related":{},"finalizing":false}`,
		},
		"V2ClusterParent": {
			request: hook.CompositeRequest{Version: hook.V2, Related: groups},
			want:    `"children":{},"related":{"Namespace.v1":{"n":"|n"},"Pod.v1":{"default/a":"default|a","default/b":"default|b","other/c":"other|c"},"StatefulSet.apps/v1":{}},"finalizing":false}`,
		},
		"KeysSortedAsWritten": {
			// "-" sorts before "/", so the keys' order is not the order of namespaces.
			request: hook.CompositeRequest{Version: hook.V2, Children: []hook.Group{{Kind: "Pod", APIVersion: "v1", Namespaced: true, Objects: []hook.ObjectRef{object("a", "x"), object("a-b", "x")}}}},
			want:    `"children":{"Pod.v1":{"a-b/x":"a-b|x","a/x":"a|x"}},"related":{},"finalizing":false}`,
		},
		"RulesOfOneTypeMerged": {
			request: hook.CompositeRequest{Version: hook.V2, Related: []hook.Group{
				{Kind: "Pod", APIVersion: "v1", Namespaced: true, Objects: []hook.ObjectRef{object("a", "z"), object("a", "y")}},
				{Kind: "Pod", APIVersion: "v1", Namespaced: true, Objects: []hook.ObjectRef{object("a", "x"), object("a", "y")}},
			}},
			want: `"children":{},"related":{"Pod.v1":{"a/x":"a|x","a/y":"a|y","a/z":"a|z"}},"finalizing":false}`,
		},
		"NameNeedsQuoting": {
			request: hook.CompositeRequest{Children: []hook.Group{{Kind: "ClusterRole", APIVersion: "rbac.authorization.k8s.io/v1", Objects: []hook.ObjectRef{{Name: "a\"\\\té\x01", Raw: []byte("1")}}}}},
			want:    `"children":{"ClusterRole.rbac.authorization.k8s.io/v1":{"a\"\\\té\u0001":1}},"related":{},"finalizing":false}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tc.request.Controller = []byte(`{"kind":"CompositeController"}`)
			tc.request.Parent = []byte(`{"kind":"Parent"}`)
			got := tc.request.AppendJSON([]byte("before:"))
			want := `before:{"controller":{"kind":"CompositeController"},"parent":{"kind":"Parent"},` + tc.want
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("AppendJSON() (-want +got):\n%s", diff)
			}
			if !json.Valid(got[len("before:"):]) {
				t.Error("AppendJSON() is not valid JSON")
			}
		})
	}
}

func BenchmarkCompositeRequestAppendJSON(b *testing.B) {
	raw := []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"data":"` + strings.Repeat("x", 950) + `"}`)
	request := hook.CompositeRequest{
		Controller: raw, Parent: raw, ParentNamespaced: true, ParentNamespace: "default",
		Children: []hook.Group{{Kind: "Pod", APIVersion: "v1", Namespaced: true, Objects: []hook.ObjectRef{
			{Namespace: "default", Name: "a", Raw: raw}, {Namespace: "default", Name: "b", Raw: raw}, {Namespace: "default", Name: "c", Raw: raw},
		}}},
	}
	b.Run("NewBuffer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			request.AppendJSON(nil)
		}
	})
	b.Run("ReusedBuffer", func(b *testing.B) {
		b.ReportAllocs()
		var buffer []byte
		for b.Loop() {
			buffer = request.AppendJSON(buffer[:0])
		}
	})
}
