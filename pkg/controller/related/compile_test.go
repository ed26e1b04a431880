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

package related

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// resourceOf returns a resource of the core group.
func resourceOf(name, kind string, namespaced bool) objects.Resource {
	return objects.Resource{GroupVersionResource: schema.GroupVersionResource{Version: "v1", Resource: name}, Kind: kind, Namespaced: namespaced}
}

var (
	configMaps = resourceOf("configmaps", "ConfigMap", true)
	nodes      = resourceOf("nodes", "Node", false)
	namespaces = resourceOf("namespaces", "Namespace", false)
)

func lookupCore(_ context.Context, apiVersion, resource string) (objects.Resource, error) {
	for _, known := range []objects.Resource{configMaps, nodes, namespaces} {
		if apiVersion == "v1" && known.Resource == resource {
			return known, nil
		}
	}
	if apiVersion == "broken/v1" {
		return objects.Resource{}, fmt.Errorf("the server is down")
	}
	return objects.Resource{}, &objects.ResourceNotFoundError{APIVersion: apiVersion, Resource: resource}
}

func parseRules(t testing.TB, text string) []hookapi.RelatedResourceRule {
	t.Helper()
	answer, err := hook.DecodeCustomize([]byte(`{"relatedResources":[`+text+`]}`), hook.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return answer.RelatedResources
}

// parents by scope.
var (
	namespacedParent = &objects.Object{Namespace: "home", Name: "p"}
	clusterParent    = &objects.Object{Name: "p"}
)

// TestCompile has one rule each in every mix of parent, versions and fields, docs/protocol.md §2.
func TestCompile(t *testing.T) {
	v1, v2 := Scope{hook.V1, hook.V1}, Scope{hook.V2, hook.V2}
	v2ButSyncV1 := Scope{Version: hook.V2, Shown: hook.V1}
	// where says what a rule selects: its namespace, or "*" for all.
	where := func(r *rule) string {
		place := r.id.namespace
		switch {
		case r.id.hidden:
			return "nothing"
		case r.namespaceSelector != nil:
			place = "{" + r.namespaceSelector.String() + "}"
		case place == "":
			place = "*"
		}
		return strings.TrimSuffix(fmt.Sprintf("%s/[%s]%s", place, r.selector, strings.Join(r.names, ",")), "[]")
	}
	cases := map[string]struct {
		parent *objects.Object
		scope  Scope
		rule   string
		want   string
	}{
		"AllOfClusterParent":      {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps"}`, "*/"},
		"AllOfNamespacedV1":       {namespacedParent, v1, `{"apiVersion":"v1","resource":"configmaps"}`, "home/"},
		"AllOfNamespacedV2":       {namespacedParent, v2, `{"apiVersion":"v1","resource":"configmaps"}`, "*/"},
		"EmptySelector":           {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","labelSelector":{}}`, "*/"},
		"Labels":                  {namespacedParent, v1, `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"a":"b"}}}`, "home/[a=b]"},
		"LabelsInNamespace":       {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespace":"n","labelSelector":{"matchLabels":{"a":"b"}}}`, "n/[a=b]"},
		"Namespace":               {clusterParent, v2, `{"apiVersion":"v1","resource":"configmaps","namespace":"n"}`, "n/"},
		"OwnNamespace":            {namespacedParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespace":"home"}`, "home/"},
		"OtherNamespaceV2":        {namespacedParent, v2, `{"apiVersion":"v1","resource":"configmaps","namespace":"n"}`, "n/"},
		"NamesInNamespace":        {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespace":"n","names":["b","a","b"]}`, "n/[]a,b"},
		"NamesEverywhere":         {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","names":["a"]}`, "*/[]a"},
		"NamesOfNamespacedV1":     {namespacedParent, v1, `{"apiVersion":"v1","resource":"configmaps","names":["a"]}`, "home/[]a"},
		"NamesOfNamespacedV2":     {namespacedParent, v2, `{"apiVersion":"v1","resource":"configmaps","names":["a"]}`, "*/[]a"},
		"EmptyNames":              {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespace":"n","names":[],"labelSelector":{"matchLabels":{"a":"b"}}}`, "n/[a=b]"},
		"NamespaceSelector":       {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{"matchLabels":{"x":"y"}},"labelSelector":{"matchLabels":{"a":"b"}}}`, "{x=y}/[a=b]"},
		"NamespaceSelectorV2":     {namespacedParent, v2, `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{}}`, "{}/"},
		"ClusterScoped":           {clusterParent, v1, `{"apiVersion":"v1","resource":"nodes","names":["a"]}`, "*/[]a"},
		"ClusterScopedV2":         {namespacedParent, v2, `{"apiVersion":"v1","resource":"nodes"}`, "*/"},
		"ClusterScopedV1":         {namespacedParent, v1, `{"apiVersion":"v1","resource":"nodes"}`, "nothing"},
		"MixedVersions":           {namespacedParent, v2ButSyncV1, `{"apiVersion":"v1","resource":"configmaps"}`, "home/"},
		"MixedVersionsElsewhere":  {namespacedParent, v2ButSyncV1, `{"apiVersion":"v1","resource":"configmaps","namespace":"n"}`, "nothing"},
		"MixedVersionsCluster":    {namespacedParent, v2ButSyncV1, `{"apiVersion":"v1","resource":"nodes"}`, "nothing"},
		"MixedVersionsOfClusterP": {clusterParent, v2ButSyncV1, `{"apiVersion":"v1","resource":"nodes"}`, "*/"},

		"NoType":                   {clusterParent, v1, `{}`, `relatedResources[0].apiVersion: Required value: such as "v1" or "apps/v1"; relatedResources[0].resource: Required value: the lower-case plural name, such as "configmaps"`},
		"NullRule":                 {clusterParent, v1, `null`, `relatedResources[0].apiVersion: Required value: such as "v1" or "apps/v1"; relatedResources[0].resource: Required value: the lower-case plural name, such as "configmaps"`},
		"BadAPIVersion":            {clusterParent, v1, `{"apiVersion":"a/b/c","resource":"configmaps"}`, `relatedResources[0].apiVersion: Invalid value: "a/b/c": must be "group/version", or "version" for the core group`},
		"GroupAlone":               {clusterParent, v1, `{"apiVersion":"apps/","resource":"configmaps"}`, `relatedResources[0].apiVersion: Invalid value: "apps/": must be "group/version", or "version" for the core group`},
		"Kind":                     {clusterParent, v1, `{"apiVersion":"v1","resource":"ConfigMap"}`, `relatedResources[0].resource: Invalid value: "ConfigMap": must be the lower-case plural name, such as "configmaps"`},
		"Subresource":              {clusterParent, v1, `{"apiVersion":"v1","resource":"pods/log"}`, `relatedResources[0].resource: Invalid value: "pods/log": must be the lower-case plural name, such as "configmaps"`},
		"NamesAndLabels":           {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","names":["a"],"labelSelector":{}}`, `relatedResources[0].labelSelector: Forbidden: may not be set together with names`},
		"NamesAndNamespaces":       {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","names":["a"],"namespaceSelector":{}}`, `relatedResources[0].namespaceSelector: Forbidden: may not be set together with names`},
		"NamespaceTwice":           {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespace":"n","namespaceSelector":{}}`, `relatedResources[0].namespaceSelector: Forbidden: may not be set together with namespace`},
		"OtherNamespaceV1":         {namespacedParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespace":"n"}`, `relatedResources[0].namespace: Invalid value: "n": a v1 hook of a namespaced parent is shown the parent's own namespace (home) only: set the hooks' version to v2`},
		"NamespaceSelectorV1":      {namespacedParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{}}`, `relatedResources[0].namespaceSelector: Forbidden: a v1 hook of a namespaced parent is shown the parent's own namespace only: set the hooks' version to v2`},
		"NamespaceOfClusterScoped": {clusterParent, v1, `{"apiVersion":"v1","resource":"nodes","namespace":"n"}`, `relatedResources[0].namespace: Forbidden: nodes are cluster-scoped`},
		"SelectorOfClusterScoped":  {clusterParent, v1, `{"apiVersion":"v1","resource":"nodes","namespaceSelector":{}}`, `relatedResources[0].namespaceSelector: Forbidden: nodes are cluster-scoped`},
		"BadOperator":              {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchExpressions":[{"key":"a","operator":"Like"}]}}`, `relatedResources[0].labelSelector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator`},
		"BadNamespaceLabel":        {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{"matchLabels":{"-":"x"}}}`, `relatedResources[0].namespaceSelector.matchLabels: Invalid value: "-"`},
		"EmptyName":                {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","names":["a",""]}`, `relatedResources[0].names[1]: Invalid value: "": must be the name of an object`},
		"NamespacedName":           {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","names":["n/a"]}`, `relatedResources[0].names[0]: Invalid value: "n/a": must be a name alone`},
		"UnknownType":              {clusterParent, v1, `{"apiVersion":"example.com/v1","resource":"foos"}`, `relatedResources[0]: the cluster serves no resource "foos" in example.com/v1`},
		"BrokenType":               {clusterParent, v1, `{"apiVersion":"broken/v1","resource":"foos"}`, `relatedResources[0]: looking up foos in broken/v1: the server is down`},
		"EveryProblem":             {clusterParent, v1, `{"apiVersion":"v1","resource":"configmaps","names":[""]},{"apiVersion":"v1"}`, `relatedResources[0].names[0]: Invalid value: "": must be the name of an object; relatedResources[1].resource: Required value`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rules, err := compile(t.Context(), lookupCore, tc.scope, tc.parent, parseRules(t, tc.rule))
			if err != nil {
				if got := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "the customize hook's answer"), " is invalid"); !strings.HasPrefix(got, ": "+tc.want) {
					t.Errorf("compile() error = %v\nwant %s", err, tc.want)
				}
				return
			}
			if diff := cmp.Diff(tc.want, where(rules[0])); diff != "" {
				t.Errorf("compile() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompileKeepsWhatItCanOfMissingTypes(t *testing.T) {
	rules, err := compile(t.Context(), lookupCore, Scope{}, clusterParent,
		parseRules(t, `{"apiVersion":"a.com/v1","resource":"foos"},{"apiVersion":"v1","resource":"nodes"},{"apiVersion":"b.com/v1","resource":"bars"}`))
	want := `the customize hook's answer: relatedResources[0]: the cluster serves no resource "foos" in a.com/v1; ` +
		`relatedResources[2]: the cluster serves no resource "bars" in b.com/v1: check the spelling, or install its CustomResourceDefinition (the parent is then synced by itself)`
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if len(rules) != 1 || rules[0].id.resource != nodes {
		t.Errorf("rules = %v, want that of nodes", rules)
	}
}

// TestInvalidAnswerErrorIsBounded: what a hook answers decides neither the length of a message nor its characters.
func TestInvalidAnswerErrorIsBounded(t *testing.T) {
	huge, err := json.Marshal(strings.Repeat("\x00N", 1<<16))
	if err != nil {
		t.Fatal(err)
	}
	rule := fmt.Sprintf(`{"apiVersion":"v1","resource":%s,"namespace":"n","namespaceSelector":{"matchLabels":{%s:"x"}}}`, huge, huge)
	_, err = compile(t.Context(), lookupCore, Scope{}, clusterParent, parseRules(t, strings.TrimSuffix(strings.Repeat(rule+",", 10), ",")))
	text := fmt.Sprint(err)
	if len(text) > (maxProblems+1)*(hook.MaxExcerptBytes+2) || strings.ContainsRune(text, 0) || !strings.HasSuffix(text, "; and 30 more") {
		t.Errorf("an error of %d bytes that ends with %q", len(text), text[max(0, len(text)-60):])
	}
}

// TestRuleIDs: rules that select different objects have different IDs, and the order of what a rule says does not matter.
func TestRuleIDs(t *testing.T) {
	id := func(text string) ruleID {
		rules, err := compile(t.Context(), lookupCore, Scope{hook.V2, hook.V2}, namespacedParent, parseRules(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return rules[0].id
	}
	distinct := []string{
		`{"apiVersion":"v1","resource":"configmaps"}`,
		`{"apiVersion":"v1","resource":"nodes"}`,
		`{"apiVersion":"v1","resource":"configmaps","namespace":"n"}`,
		`{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{}}`,
		`{"apiVersion":"v1","resource":"configmaps","namespaceSelector":{"matchLabels":{"a":"b"}}}`,
		`{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"a":"b"}}}`,
		`{"apiVersion":"v1","resource":"configmaps","names":["a"]}`,
		`{"apiVersion":"v1","resource":"configmaps","names":["a","b"]}`,
		`{"apiVersion":"v1","resource":"configmaps","names":["a,b"]}`,
	}
	seen := map[ruleID]string{}
	for _, text := range distinct {
		if other, known := seen[id(text)]; known {
			t.Errorf("%s has the ID of %s", text, other)
		}
		seen[id(text)] = text
	}
	a := id(`{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchExpressions":[{"key":"c","operator":"In","values":["2","1"]},{"key":"a","operator":"Exists"}]}}`)
	b := id(`{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchExpressions":[{"key":"a","operator":"Exists"},{"key":"c","operator":"In","values":["1","2"]}]}}`)
	if a != b {
		t.Errorf("the same selector in another order has another ID: %v and %v", a, b)
	}
}
