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
	"testing"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

func TestValidateCompositeControllerUpdate(t *testing.T) {
	url := byURL
	generateSelector := func(c *metacontroller.CompositeController) { c.Spec.GenerateSelector = new(bool) }
	dropFirstChild := func(c *metacontroller.CompositeController) { c.Spec.ChildResources = c.Spec.ChildResources[1:] }
	badChild := func(c *metacontroller.CompositeController) { c.Spec.ChildResources[1].Resource = "Deployment" }
	badChildren := func(c *metacontroller.CompositeController) {
		c.Spec.ChildResources = append(c.Spec.ChildResources, newChild("batch/v1", "Deployment"))
	}
	finalize := func(c *metacontroller.CompositeController) { c.Spec.Hooks.Finalize = newHook() }
	longName := func(c *metacontroller.CompositeController) {
		c.Name = "a-name-that-is-fine-as-long-as-nothing-is-made-of-it"
	}
	const badResource = `: Invalid value: "Deployment": must be the lower-case plural name of a resource type: `

	cases := map[string]struct {
		reason   string
		old, new []modification
		want     []string
	}{
		"Valid": {
			reason: "a valid change is accepted",
			new:    []modification{generateSelector},
		},
		"Introduced": {
			reason: "what the update breaks is refused",
			new:    []modification{url("ftp://a")},
			want:   []string{`spec.hooks.sync.webhook.url: Invalid value: "ftp://a": must start with http:// or https://`},
		},
		"Unchanged": {
			reason: "what was wrong before and is not touched may stay",
			old:    []modification{url("ftp://a")},
			new:    []modification{url("ftp://a"), generateSelector},
		},
		"ChangedAndStillWrong": {
			reason: "whoever touches it has to repair it",
			old:    []modification{url("ftp://a")},
			new:    []modification{url("ftp://b")},
			want:   []string{`spec.hooks.sync.webhook.url: Invalid value: "ftp://b": must start with http:// or https://`},
		},
		"Repaired": {
			old: []modification{url("ftp://a")},
			new: []modification{url("http://a")},
		},
		"WrongItemMoves": {
			reason: "removing an item does not change those behind it",
			old:    []modification{badChild},
			new:    []modification{badChild, dropFirstChild},
		},
		"SecondWrongItem": {
			reason: "one old error excuses one new error only",
			old:    []modification{badChild},
			new:    []modification{badChild, badChildren},
			want:   []string{`spec.childResources[2].resource` + badResource + label1035},
		},
		"NameBecomesTooLong": {
			reason: "the finalize hook is what makes the name too long",
			old:    []modification{longName},
			new:    []modification{longName, finalize},
			want:   []string{`metadata.name: Invalid value: "a-name-that-is-fine-as-long-as-nothing-is-made-of-it": may not be longer than 43 characters when there is a finalize hook: it becomes the finalizer metacontroller.io/compositecontroller-<name>`},
		},
		"NoResourceVersion": {
			reason: "metadata is checked as for every kind",
			new:    []modification{func(c *metacontroller.CompositeController) { c.ResourceVersion = "" }},
			want:   []string{`metadata.resourceVersion: Invalid value: "": must be specified for an update`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Log(tc.reason)
			check(t, tc.want, update(t, newController(tc.new...), newController(tc.old...)))
		})
	}
}
