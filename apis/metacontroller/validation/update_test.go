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

package validation

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// What an object is, up to its spec.
const (
	compositeYAML   = "apiVersion: metacontroller.k8s.io/v1alpha1\nkind: CompositeController\nmetadata: {name: a, resourceVersion: '1'}\nspec:\n  parentResource: {apiVersion: example.com/v1, resource: shops}\n"
	decoratorYAML   = "apiVersion: metacontroller.k8s.io/v1alpha1\nkind: DecoratorController\nmetadata: {name: a, resourceVersion: '1'}\nspec:\n  hooks: {sync: {webhook: {url: http://a/}}}\n"
	initializerYAML = "apiVersion: metacontroller.k8s.io/v1alpha1\nkind: InitializerController\nmetadata: {name: a, resourceVersion: '1'}\nspec:\n  hooks: {init: {webhook: {url: http://a/}}}\n  uninitializedResources: [{apiVersion: v1, resource: pods}]\n"
	revisionYAML    = "apiVersion: metacontroller.k8s.io/v1alpha1\nkind: ControllerRevision\nmetadata: {name: a, namespace: default, resourceVersion: '1'}\n"
	syncYAML        = "  hooks: {sync: {webhook: {url: http://a/}}}\n"
	nameYAML        = "  initializerName: a.example.com\n"
)

// read decodes a manifest into its internal form, with defaults.
func read(t *testing.T, manifest string) runtime.Object {
	t.Helper()
	obj, err := runtime.Decode(serializer.NewCodecFactory(newScheme(), serializer.EnableStrict).UniversalDecoder(), []byte(manifest))
	if err != nil {
		t.Fatalf("cannot decode %q: %v", manifest, err)
	}
	return obj
}

// TestValidateUpdate judges updates by hand and by tags together.
func TestValidateUpdate(t *testing.T) {
	const ca = "caBundle: {inline: a, secretRef: {name: A}}"
	cases := map[string]struct {
		reason   string
		old, new string
		want     []string
	}{
		"InitializerNameIsFixed": {
			old:  initializerYAML + "  initializerName: a.example.com\n",
			new:  initializerYAML + "  initializerName: b.example.com\n",
			want: []string{`spec.initializerName: Invalid value: null: field is immutable`},
		},
		"WrongNameStays": {
			reason: "it could not even be repaired",
			old:    initializerYAML + "  initializerName: a\n",
			new:    initializerYAML + "  initializerName: a\n  failurePolicy: Ignore\n",
		},
		"WrongEnumsStay": {
			old: initializerYAML + nameYAML + "  failurePolicy: a\n  deferral: b\n  reinvocationPolicy: c\n",
			new: initializerYAML + nameYAML + "  failurePolicy: a\n  deferral: b\n  reinvocationPolicy: c\n  objectSelector: {matchLabels: {a: b}}\n",
		},
		"AnotherWrongEnum": {
			old:  initializerYAML + nameYAML + "  failurePolicy: a\n",
			new:  initializerYAML + nameYAML + "  failurePolicy: b\n",
			want: []string{`spec.failurePolicy: Unsupported value: "b": supported values: "Defer", "Fail", "Ignore"`},
		},
		"ConditionBesideAWrongOne": {
			old: initializerYAML + nameYAML + "  matchConditions: [{name: a b, expression: 'true'}]\n",
			new: initializerYAML + nameYAML + "  matchConditions: [{name: c, expression: 'true'}, {name: a b, expression: 'true'}]\n",
		},
		"ChildBesideAWrongOne": {
			reason: "the items of the list are told apart by their type, wherever they are",
			old:    compositeYAML + syncYAML + "  childResources: [{apiVersion: v1, resource: pods, updateStrategy: {method: a}}]\n",
			new:    compositeYAML + syncYAML + "  childResources: [{apiVersion: v1, resource: services}, {apiVersion: v1, resource: pods, updateStrategy: {method: a}}]\n",
		},
		"WrongChildBesideAWrongOne": {
			old:  compositeYAML + syncYAML + "  childResources: [{apiVersion: v1, resource: pods, updateStrategy: {method: a}}]\n",
			new:  compositeYAML + syncYAML + "  childResources: [{apiVersion: v1, resource: pods, updateStrategy: {method: a}}, {apiVersion: v1, resource: services, updateStrategy: {method: a}}]\n",
			want: []string{`spec.childResources[1].updateStrategy.method: Unsupported value: "a": supported values: "InPlace", "OnDelete", "Recreate", "RollingInPlace", "RollingRecreate"`},
		},
		"AttachmentBesideAWrongOne": {
			old: decoratorYAML + "  resources: [{apiVersion: v1, resource: pods}]\n  attachments: [{apiVersion: v1, resource: services, updateStrategy: {method: RollingInPlace}}]\n",
			new: decoratorYAML + "  resources: [{apiVersion: v1, resource: pods}]\n  attachments: [{apiVersion: v1, resource: secrets}, {apiVersion: v1, resource: services, updateStrategy: {method: RollingInPlace}}]\n",
		},
		"EndpointBesideAWrongOne": {
			old: decoratorYAML + "  resources: [{apiVersion: v1, resource: pods}]\n  endpointConfigs: [{host: a, " + ca + "}]\n",
			new: decoratorYAML + "  resources: [{apiVersion: v1, resource: pods}]\n  endpointConfigs: [{host: b}, {host: a, " + ca + "}]\n",
		},
		"TimeoutBesideAWrongPort": {
			old: compositeYAML + "  hooks: {sync: {webhook: {service: {name: A, namespace: B, port: 0}, path: a, " + ca + "}}}\n",
			new: compositeYAML + "  hooks: {sync: {webhook: {service: {name: A, namespace: B, port: 0}, path: a, timeout: 1s, " + ca + "}}}\n",
		},
		"RulesTwiceStay": {
			old: decoratorYAML + "  resources: [{apiVersion: v1, resource: pods}, {apiVersion: v1, resource: pods}]\n",
			new: decoratorYAML + "  resources: [{apiVersion: v1, resource: services}, {apiVersion: v1, resource: pods}, {apiVersion: v1, resource: pods}]\n",
		},
		"LastRuleIsRemoved": {
			old:  decoratorYAML + "  resources: [{apiVersion: v1, resource: pods}]\n",
			new:  decoratorYAML,
			want: []string{`spec.resources: Required value`},
		},
		"ParentPatchIsFixed": {
			old:  revisionYAML + "parentPatch: {spec: {replicas: 3}}\n",
			new:  revisionYAML + "parentPatch: {spec: {replicas: 4}}\n",
			want: []string{`parentPatch: Forbidden: may not be changed: a revision is one state of a parent`},
		},
		"ParentPatchIsWrittenDifferently": {
			old: revisionYAML + `parentPatch: {"spec": {"a": 1, "b": 2}}` + "\n",
			new: revisionYAML + `parentPatch: {"spec": {"b": 2, "a": 1.0}}` + "\nchildren: [{apiGroup: '', kind: Pod, names: [a]}]\n",
		},
		"WrongChildrenStay": {
			old: revisionYAML + "parentPatch: {}\nchildren: [{apiGroup: A, kind: Pod, names: [a/b/c]}]\n",
			new: revisionYAML + "parentPatch: {}\nchildren: [{apiGroup: '', kind: Pod, names: [a]}, {apiGroup: A, kind: Pod, names: [a/b/c]}]\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Log(tc.reason)
			check(t, tc.want, update(t, read(t, tc.new), read(t, tc.old)))
		})
	}
}

// TestValidateStatusUpdate writes the statuses of the kinds, of which the spec
// is no concern.
func TestValidateStatusUpdate(t *testing.T) {
	const good = "status: {observedGeneration: 1, conditions: [{type: Ready, status: 'True', reason: A, message: b, lastTransitionTime: '2026-01-01T00:00:00Z'}]"
	cases := map[string]struct {
		status map[string]string // by kind
		want   []string
	}{
		"Good": {
			status: map[string]string{decoratorYAML: good + ", parents: {total: 3, synced: 2, failing: 1}}", initializerYAML: good + ", objects: {completed: 1, refused: 2, ignored: 3, deferred: 4, pending: 5}}"},
		},
		"Condition": {
			status: map[string]string{decoratorYAML: "status: {conditions: [{type: Ready}]}", initializerYAML: "status: {conditions: [{type: Ready}]}"},
			want: []string{
				`status.conditions[0].status: Required value`,
				`status.conditions[0].lastTransitionTime: Required value`,
				`status.conditions[0].reason: Required value`,
			},
		},
		"Parents": {
			status: map[string]string{decoratorYAML: "status: {parents: {total: -1}}"},
			want:   []string{`status.parents.total: Invalid value: -1: must be greater than or equal to 0`},
		},
		"Objects": {
			status: map[string]string{initializerYAML: "status: {observedGeneration: -1, objects: {pending: -1, refused: -2}}"},
			want: []string{
				`status.observedGeneration: Invalid value: -1: must be greater than or equal to 0`,
				`status.objects.pending: Invalid value: -1: must be greater than or equal to 0`,
				`status.objects.refused: Invalid value: -2: must be greater than or equal to 0`,
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for kind, status := range tc.status {
				check(t, tc.want, updateStatus(t, read(t, kind+status), read(t, kind)))
			}
		})
	}
}

// TestValidateMetadata has every kind look at its metadata.
func TestValidateMetadataOfEveryKind(t *testing.T) {
	valid := map[string]string{
		"Composite":   compositeYAML + syncYAML,
		"Decorator":   decoratorYAML + "  resources: [{apiVersion: v1, resource: pods}]\n",
		"Initializer": initializerYAML + nameYAML,
		"Revision":    revisionYAML + "parentPatch: {}\n",
	}
	for name, manifest := range valid {
		t.Run(name, func(t *testing.T) {
			check(t, nil, create(t, read(t, manifest)))
			misnamed := read(t, strings.Replace(manifest, "name: a,", "name: A,", 1))
			check(t, []string{`metadata.name: Invalid value: "A": ` + subdomain}, create(t, misnamed))
			blind := read(t, strings.Replace(manifest, ", resourceVersion: '1'", "", 1))
			check(t, []string{`metadata.resourceVersion: Invalid value: "": must be specified for an update`}, update(t, blind, read(t, manifest)))
			moved := read(t, manifest)
			accessor, err := meta.Accessor(moved)
			if err != nil {
				t.Fatal(err)
			}
			accessor.SetNamespace(accessor.GetNamespace() + "b")
			if errs := update(t, moved, read(t, manifest)); len(errs) != 1 || errs[0].Field != field.NewPath("metadata", "namespace").String() {
				t.Errorf("another namespace is answered with %v", errs)
			}
		})
	}
}

// TestListLimits has every list that is compared item by item refused before
// that takes long.
func TestListLimits(t *testing.T) {
	const tooMany = ": Too many: 1001: must have at most 1000 items"
	items := func(item string) string { return "[" + strings.Repeat(item+", ", 1000) + item + "]\n" }
	for at, manifest := range map[string]string{
		"spec.childResources":         compositeYAML + syncYAML + "  childResources: " + items("{apiVersion: v1, resource: pods}"),
		"spec.endpointConfigs":        compositeYAML + syncYAML + "  endpointConfigs: " + items("{host: a}"),
		"spec.resources":              decoratorYAML + "  resources: " + items("{apiVersion: v1, resource: pods}"),
		"spec.attachments":            decoratorYAML + "  resources: [{apiVersion: v1, resource: pods}]\n  attachments: " + items("{apiVersion: v1, resource: pods}"),
		"spec.uninitializedResources": strings.Replace(initializerYAML, "[{apiVersion: v1, resource: pods}]\n", items("{apiVersion: v1, resource: pods}"), 1) + nameYAML,
		"children":                    revisionYAML + "parentPatch: {}\nchildren: " + items("{apiGroup: '', kind: Pod, names: [a]}"),
	} {
		errs := create(t, read(t, manifest))
		if len(errs) == 0 || errs[len(errs)-1].Error() != at+tooMany {
			t.Errorf("the last of %d errors is not %s%s", len(errs), at, tooMany)
		}
	}
}

// TestErrorLimit has no request answered with errors without end.
func TestErrorLimit(t *testing.T) {
	for name, manifest := range map[string]string{
		"Composite":   compositeYAML + syncYAML + "  childResources: [" + strings.Repeat("{}, ", 2000) + "{}]\n",
		"Decorator":   decoratorYAML + "  resources: [" + strings.Repeat("{}, ", 2000) + "{}]\n",
		"Initializer": strings.Replace(initializerYAML, "[{apiVersion: v1, resource: pods}]", "["+strings.Repeat("{}, ", 2000)+"{}]", 1) + nameYAML,
		"Revision":    revisionYAML + "parentPatch: {}\nchildren: [{apiGroup: '', kind: Pod, names: [" + strings.Repeat("'', ", 2000) + "'']}]\n",
	} {
		if got := len(byHand(t, read(t, manifest))); got != maxErrors {
			t.Errorf("%s: there are %d errors, want %d", name, got, maxErrors)
		}
	}
}
