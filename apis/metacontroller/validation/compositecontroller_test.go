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
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// certificate is self-signed and valid for a hundred years; validation does
// not look at its dates.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUBT8xCICQPdeos7bXTZCk/B9hVNwwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMyMDE0MDlaGA8yMTI2MTAzMDIwMTQw
OVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBRr
Bbz+sx2cu3lrIVVV/NTahr8QUq5kySKORdpr9R6ckcsEgu140eI15rGrUyljFM3d
BOu9J5Sevw/dFG0a9EOjUzBRMB0GA1UdDgQWBBTNvrXildQTS7cKjgxKjXS6Ac6v
KjAfBgNVHSMEGDAWgBTNvrXildQTS7cKjgxKjXS6Ac6vKjAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCCrpYDVYKgtj+TYUyfNwTyaBwv0zAyX+Zo
qtoz5EXtZAIhALxwer/UFjoKlOkZ88bMSFKC/jELJ3NvQDEEPVEAiFyZ
-----END CERTIFICATE-----
`

func TestValidateCompositeController(t *testing.T) {
	for name, controller := range map[string]*metacontroller.CompositeController{
		"Minimal":    newController(),
		"Everything": newEverything(),
	} {
		t.Run(name, func(t *testing.T) {
			check(t, nil, create(t, controller))
		})
	}
}

func TestValidateMetadata(t *testing.T) {
	run(t, map[string]invalid{
		"NoName": {
			func(c *metacontroller.CompositeController) { c.Name = "" },
			[]string{`metadata.name: Required value: name or generateName is required`},
		},
		"UpperCaseName": {
			func(c *metacontroller.CompositeController) { c.Name = "Shops" },
			[]string{`metadata.name: Invalid value: "Shops": ` + subdomain},
		},
		"Namespace": {
			func(c *metacontroller.CompositeController) { c.Namespace = "default" },
			[]string{`metadata.namespace: Forbidden: not allowed on this type`},
		},
		"LabelKey": {
			func(c *metacontroller.CompositeController) { c.Labels = map[string]string{"a b": ""} },
			[]string{`metadata.labels: Invalid value: "a b": ` + qualifiedName},
		},
		"NameTooLongForFinalizer": {
			func(c *metacontroller.CompositeController) {
				c.Name = strings.Repeat("a", 44)
				c.Spec.Hooks.Finalize = newHook()
			},
			[]string{`metadata.name: Invalid value: "` + strings.Repeat("a", 44) + `": may not be longer than 43 characters when there is a finalize hook: it becomes the finalizer metacontroller.io/compositecontroller-<name>`},
		},
	})
}

func TestValidateParentResource(t *testing.T) {
	parent := func(change func(*metacontroller.ParentResourceRule)) modification {
		return func(c *metacontroller.CompositeController) { change(&c.Spec.ParentResource) }
	}
	run(t, map[string]invalid{
		"NoAPIVersion": {
			parent(func(p *metacontroller.ParentResourceRule) { p.APIVersion = "" }),
			[]string{`spec.parentResource.apiVersion: Required value: must be group/version, or just the version for the core group`},
		},
		"TwoSlashes": {
			parent(func(p *metacontroller.ParentResourceRule) { p.APIVersion = "a/b/v1" }),
			[]string{`spec.parentResource.apiVersion: Invalid value: "a/b/v1": version: ` + label1035},
		},
		"EmptyGroup": {
			parent(func(p *metacontroller.ParentResourceRule) { p.APIVersion = "/v1" }),
			[]string{`spec.parentResource.apiVersion: Invalid value: "/v1": group: ` + subdomain},
		},
		"EmptyVersion": {
			parent(func(p *metacontroller.ParentResourceRule) { p.APIVersion = "apps/" }),
			[]string{`spec.parentResource.apiVersion: Invalid value: "apps/": version: ` + label1035},
		},
		"UpperCaseGroup": {
			parent(func(p *metacontroller.ParentResourceRule) { p.APIVersion = "Apps/v1" }),
			[]string{`spec.parentResource.apiVersion: Invalid value: "Apps/v1": group: ` + subdomain},
		},
		"Wildcard": {
			parent(func(p *metacontroller.ParentResourceRule) { p.APIVersion = "*" }),
			[]string{`spec.parentResource.apiVersion: Invalid value: "*": version: ` + label1035},
		},
		"NoResource": {
			parent(func(p *metacontroller.ParentResourceRule) { p.Resource = "" }),
			[]string{`spec.parentResource.resource: Required value: must be the lower-case plural name of a resource type, for example pods`},
		},
		"Kind": {
			parent(func(p *metacontroller.ParentResourceRule) { p.Resource = "Shop" }),
			[]string{`spec.parentResource.resource: Invalid value: "Shop": must be the lower-case plural name of a resource type: ` + label1035},
		},
		"Subresource": {
			parent(func(p *metacontroller.ParentResourceRule) { p.Resource = "shops/status" }),
			[]string{`spec.parentResource.resource: Invalid value: "shops/status": must be the lower-case plural name of a resource type: ` + label1035},
		},
		"SelectorOperator": {
			parent(func(p *metacontroller.ParentResourceRule) {
				p.LabelSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}}
			}),
			[]string{`spec.parentResource.labelSelector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator`},
		},
		"SelectorValues": {
			parent(func(p *metacontroller.ParentResourceRule) {
				p.LabelSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "In"}}}
			}),
			[]string{"spec.parentResource.labelSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"},
		},
		"SelectorKey": {
			parent(func(p *metacontroller.ParentResourceRule) {
				p.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a b": "c"}}
			}),
			[]string{`spec.parentResource.labelSelector.matchLabels: Invalid value: "a b": ` + qualifiedName},
		},
		"FieldPathSyntax": {
			parent(func(p *metacontroller.ParentResourceRule) {
				p.RevisionHistory = &metacontroller.RevisionHistory{FieldPaths: []string{"spec", ".spec", "spec..a", "spec[0]", ""}}
			}),
			[]string{
				`spec.parentResource.revisionHistory.fieldPaths[1]: Invalid value: ".spec": must be field names joined by dots, for example spec.template`,
				`spec.parentResource.revisionHistory.fieldPaths[2]: Invalid value: "spec..a": must be field names joined by dots, for example spec.template`,
				`spec.parentResource.revisionHistory.fieldPaths[3]: Invalid value: "spec[0]": must be field names joined by dots, for example spec.template`,
				`spec.parentResource.revisionHistory.fieldPaths[4]: Invalid value: "": must be field names joined by dots, for example spec.template`,
			},
		},
		"FieldPathTwice": {
			parent(func(p *metacontroller.ParentResourceRule) {
				p.RevisionHistory = &metacontroller.RevisionHistory{FieldPaths: []string{"spec.template", "spec.template"}}
			}),
			[]string{`spec.parentResource.revisionHistory.fieldPaths[1]: Duplicate value: "spec.template"`},
		},
	})
}

func TestValidateChildResources(t *testing.T) {
	child := func(change func(*metacontroller.ChildResourceRule)) modification {
		return func(c *metacontroller.CompositeController) { change(&c.Spec.ChildResources[1]) }
	}
	strategy := func(s metacontroller.ChildUpdateStrategy) modification {
		return child(func(rule *metacontroller.ChildResourceRule) { rule.UpdateStrategy = &s })
	}
	run(t, map[string]invalid{
		"NoAPIVersion": {
			child(func(rule *metacontroller.ChildResourceRule) { rule.APIVersion = "" }),
			[]string{`spec.childResources[1].apiVersion: Required value: must be group/version, or just the version for the core group`},
		},
		"NoResource": {
			child(func(rule *metacontroller.ChildResourceRule) { rule.Resource = "" }),
			[]string{`spec.childResources[1].resource: Required value: must be the lower-case plural name of a resource type, for example pods`},
		},
		"ResourceAndResources": {
			child(func(rule *metacontroller.ChildResourceRule) { rule.Resources = []string{"services"} }),
			[]string{`spec.childResources[1].resources: Forbidden: may not be set together with resource: write one rule with resource for each type`},
		},
		"Twice": {
			child(func(rule *metacontroller.ChildResourceRule) { rule.APIVersion, rule.Resource = "v1", "pods" }),
			[]string{`spec.childResources[1]: Duplicate value: "v1 pods"`},
		},
		"TwiceInTwoVersions": {
			func(c *metacontroller.CompositeController) {
				c.Spec.ChildResources = append(c.Spec.ChildResources, newChild("apps/v1beta1", "deployments"))
			},
			[]string{`spec.childResources[2].apiVersion: Invalid value: "apps/v1beta1": deployments.apps is already declared in apps/v1: objects of one type are handled in one version`},
		},
		"Parent": {
			child(func(rule *metacontroller.ChildResourceRule) {
				rule.APIVersion, rule.Resource = "example.com/v1", "shops"
			}),
			[]string{`spec.childResources[1].resource: Invalid value: "shops": is the parent resource: a parent may not be its own child`},
		},
		"ParentInAnotherVersion": {
			child(func(rule *metacontroller.ChildResourceRule) {
				rule.APIVersion, rule.Resource = "example.com/v2", "shops"
			}),
			[]string{`spec.childResources[1].resource: Invalid value: "shops": is the parent resource: a parent may not be its own child`},
		},
		"Method": {
			strategy(metacontroller.ChildUpdateStrategy{Method: "inPlace"}),
			[]string{`spec.childResources[1].updateStrategy.method: Unsupported value: "inPlace": supported values: "InPlace", "OnDelete", "Recreate", "RollingInPlace", "RollingRecreate"`},
		},
		"NoConditionType": {
			strategy(metacontroller.ChildUpdateStrategy{Method: "RollingInPlace", StatusChecks: &metacontroller.ChildUpdateStatusChecks{
				Conditions: []metacontroller.StatusConditionCheck{{Type: "Ready"}, {Status: new("True")}},
			}}),
			[]string{`spec.childResources[1].updateStrategy.statusChecks.conditions[1].type: Required value: must be the type of a condition, for example Ready`},
		},
		"ConditionType": {
			strategy(metacontroller.ChildUpdateStrategy{Method: "RollingInPlace", StatusChecks: &metacontroller.ChildUpdateStatusChecks{
				Conditions: []metacontroller.StatusConditionCheck{{Type: "is ready"}},
			}}),
			[]string{`spec.childResources[1].updateStrategy.statusChecks.conditions[0].type: Invalid value: "is ready": ` + qualifiedName},
		},
	})
}

func TestValidateSpec(t *testing.T) {
	run(t, map[string]invalid{
		"NoHooks": {
			func(c *metacontroller.CompositeController) { c.Spec.Hooks = nil },
			[]string{`spec.hooks: Required value`},
		},
		"MixedDialects": {
			func(c *metacontroller.CompositeController) {
				c.Spec.ClientConfig = &metacontroller.ClientConfig{Service: &metacontroller.ClientConfigService{Name: "other", Namespace: "default"}}
				c.Spec.Hooks.Sync.Path = "/sync"
			},
			[]string{
				`spec.hooks.sync.path: Forbidden: contradicts webhook: set one of them, preferably webhook`,
				`spec.clientConfig.service: Forbidden: contradicts the webhook of a hook that has a path too: set either clientConfig and hooks.<hook>.path, or hooks.<hook>.webhook`,
			},
		},
		"PathWithoutClientConfig": {
			func(c *metacontroller.CompositeController) {
				c.Spec.Hooks.Sync.Path, c.Spec.Hooks.Sync.Webhook = "/sync", nil
			},
			[]string{`spec.hooks.sync.path: Forbidden: needs spec.clientConfig.service: write webhook with url, or with service and path`},
		},
	})
}

func TestValidateCompositeControllerStatusUpdate(t *testing.T) {
	now := metav1.NewTime(time.Unix(0, 0))
	cases := map[string]struct {
		status metacontroller.CompositeControllerStatus
		want   []string
	}{
		"Valid": {
			status: metacontroller.CompositeControllerStatus{
				ObservedGeneration: 1,
				Conditions:         []metav1.Condition{{Type: "Ready", Status: "True", Reason: "Synced", LastTransitionTime: now}},
				Parents:            &metacontroller.ParentsStatus{Total: 3, Synced: 2, Failing: 1},
			},
		},
		"NegativeCounts": {
			status: metacontroller.CompositeControllerStatus{
				ObservedGeneration: -1,
				Parents:            &metacontroller.ParentsStatus{Total: -1, Synced: -2, Failing: -3},
			},
			want: []string{
				`status.observedGeneration: Invalid value: -1: must be greater than or equal to 0`,
				`status.parents.failing: Invalid value: -3: must be greater than or equal to 0`,
				`status.parents.synced: Invalid value: -2: must be greater than or equal to 0`,
				`status.parents.total: Invalid value: -1: must be greater than or equal to 0`,
			},
		},
		"EmptyCondition": {
			status: metacontroller.CompositeControllerStatus{Conditions: []metav1.Condition{{}}},
			want: []string{
				`status.conditions[0].type: Required value: is required`,
				`status.conditions[0].status: Required value`,
				`status.conditions[0].lastTransitionTime: Required value`,
				`status.conditions[0].reason: Required value`,
			},
		},
		"ConditionTwice": {
			status: metacontroller.CompositeControllerStatus{Conditions: []metav1.Condition{
				{Type: "Ready", Status: "True", Reason: "Synced", LastTransitionTime: now},
				{Type: "Ready", Status: "False", Reason: "Forbidden", LastTransitionTime: now},
			}},
			want: []string{`status.conditions[1]: Duplicate value: "Ready"`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			old, controller := newController(), newController()
			controller.Status = tc.status
			check(t, tc.want, updateStatus(t, controller, old))
		})
	}
}
