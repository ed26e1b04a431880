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

package decorator

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/controller/supervise"
	"github.com/hookplane/hookplane/pkg/objects"
)

// labelled is a rule with a selector as kubectl writes it.
func labelled(t *testing.T, selector string) v1alpha1.DecoratorResourceRule {
	t.Helper()
	parsed, err := metav1.ParseToLabelSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return v1alpha1.DecoratorResourceRule{LabelSelector: parsed}
}

func annotatedBy(rule v1alpha1.DecoratorResourceRule, key, value string) v1alpha1.DecoratorResourceRule {
	rule.AnnotationSelector = &v1alpha1.AnnotationSelector{MatchAnnotations: map[string]string{key: value}}
	return rule
}

// watching returns the definition of a decorator of Things, which attaches the resources of these numbers.
func watching(t *testing.T, finalizes, customized bool, attachments []int, rules ...v1alpha1.DecoratorResourceRule) *definition {
	t.Helper()
	d := &definition{finalizer: finalizerPrefix + "d", attachments: attachments, selections: [][]selection{{}}}
	for i := range rules {
		s, err := newSelection(&rules[i])
		if err != nil {
			t.Fatal(err)
		}
		d.selections[0] = append(d.selections[0], s)
	}
	if finalizes {
		d.finalize = &supervise.Caller{}
	}
	if customized {
		d.customize = &supervise.Caller{}
	}
	return d
}

func TestViewSelector(t *testing.T) {
	for name, tc := range map[string]struct {
		selectors []string
		finalizes bool
		want      string
	}{
		"One":          {selectors: []string{"app=web,!canary"}, want: "app=web,!canary"},
		"Values":       {selectors: []string{"tier=web", "tier in (db,cache)", "tier=web"}, want: "tier in (cache,db,web)"},
		"Shared":       {selectors: []string{"app=shop,tier=web", "app=shop,on"}, want: "app=shop"},
		"SharedExists": {selectors: []string{"on,tier=web", "tier=db,on"}, want: "on,tier in (db,web)"},
		"Nothing":      {selectors: []string{"tier=web", "app=shop"}, want: ""},
		"Excluded":     {selectors: []string{"tier notin (web)", "tier=web"}, want: ""},
		"OneIsAll":     {selectors: []string{"tier=web", ""}, want: ""},
		"Finalized":    {selectors: []string{"tier=web"}, finalizes: true, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			var rules []v1alpha1.DecoratorResourceRule
			for _, selector := range tc.selectors {
				rules = append(rules, labelled(t, selector))
			}
			if got := watching(t, tc.finalizes, false, nil, rules...).view(0).Selector; got != tc.want {
				t.Errorf("view(0).Selector = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestViewIntake(t *testing.T) {
	const all, target, attachment = "all", 0, 1
	web := labelled(t, "tier=web")
	on := annotatedBy(v1alpha1.DecoratorResourceRule{}, "on", "yes")
	for name, tc := range map[string]struct {
		rules                 []v1alpha1.DecoratorResourceRule
		finalizes, customized bool
		attachments           []int
		number                int
		want                  any // which objects are kept, or all without a look at them
	}{
		"ServerSelects":    {rules: []v1alpha1.DecoratorResourceRule{web}, want: all},
		"Everything":       {rules: []v1alpha1.DecoratorResourceRule{{}, on}, finalizes: true, want: all},
		"Annotation":       {rules: []v1alpha1.DecoratorResourceRule{on}, want: map[string]objects.Extent{"on": objects.Whole}},
		"Both":             {rules: []v1alpha1.DecoratorResourceRule{web, on}, want: map[string]objects.Extent{"web": objects.Whole, "on": objects.Whole}},
		"Finalized":        {rules: []v1alpha1.DecoratorResourceRule{web}, finalizes: true, want: map[string]objects.Extent{"web": objects.Whole, "held": objects.Whole}},
		"FinalizedByLabel": {rules: []v1alpha1.DecoratorResourceRule{annotatedBy(web, "on", "yes")}, finalizes: true, want: map[string]objects.Extent{"held": objects.Whole}},
		"Attachments": {rules: []v1alpha1.DecoratorResourceRule{web}, attachments: []int{attachment}, number: attachment, want: map[string]objects.Extent{
			"web": objects.Metadata, "on": objects.Metadata, "held": objects.Metadata, "none": objects.Metadata, "attached": objects.Whole,
		}},
		"TargetsAndAttachments": {rules: []v1alpha1.DecoratorResourceRule{web}, attachments: []int{target}, want: map[string]objects.Extent{
			"web": objects.Whole, "on": objects.Metadata, "held": objects.Metadata, "none": objects.Metadata, "attached": objects.Whole,
		}},
		"EverythingAndAttachments": {rules: []v1alpha1.DecoratorResourceRule{{}}, attachments: []int{target}, want: all},
		"RelatedAttachments":       {rules: []v1alpha1.DecoratorResourceRule{web}, customized: true, attachments: []int{attachment}, number: attachment, want: all},
		"RelatedTargets":           {rules: []v1alpha1.DecoratorResourceRule{on}, customized: true, want: map[string]objects.Extent{"on": objects.Whole}},
	} {
		t.Run(name, func(t *testing.T) {
			view := watching(t, tc.finalizes, tc.customized, tc.attachments, tc.rules...).view(tc.number)
			if view.Intake == nil {
				if tc.want != all {
					t.Errorf("nothing is looked at, want %v", tc.want)
				}
				return
			}
			kept := map[string]objects.Extent{}
			for _, o := range []*objects.Object{
				{Name: "web", Labels: map[string]string{"tier": "web"}},
				{Name: "on", Raw: []byte(`{"metadata":{"annotations":{"on":"yes"}}}`)},
				{Name: "held", Finalizers: []string{"other", finalizerPrefix + "d"}},
				{Name: "none", Labels: map[string]string{"tier": "db"}, Finalizers: []string{finalizerPrefix + "e"}, Raw: []byte(`{"metadata":{"annotations":{"on":"no"}}}`)},
				{Name: "attached", Raw: []byte(`{"metadata":{"annotations":{"metacontroller.k8s.io/decorator-controller":"other"}}}`)},
			} {
				if extent := view.Intake(o); extent != objects.Nothing {
					kept[o.Name] = extent
				}
			}
			if diff := cmp.Diff(tc.want, any(kept)); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}

// Equal selections share a watch, others never do.
func TestViewName(t *testing.T) {
	on := annotatedBy(v1alpha1.DecoratorResourceRule{}, "on", "yes")
	views := map[string]objects.View{
		"On":        watching(t, false, false, nil, on).view(0),
		"Off":       watching(t, false, false, nil, annotatedBy(v1alpha1.DecoratorResourceRule{}, "on", "no")).view(0),
		"OnAndWeb":  watching(t, false, false, nil, annotatedBy(labelled(t, "tier=web"), "on", "yes")).view(0),
		"OnOrWeb":   watching(t, false, false, nil, labelled(t, "tier=web"), on).view(0),
		"Finalized": watching(t, true, false, nil, on).view(0),
		"Attached":  watching(t, false, false, []int{0}, on).view(0),
		"Other":     watching(t, false, false, []int{1}, on).view(1),
	}
	seen := map[string]string{}
	for name, view := range views {
		key := view.Selector + " " + view.Name
		if other, found := seen[key]; found {
			t.Errorf("the views of %s and %s are both called %q", name, other, key)
		}
		seen[key] = name
	}
	if again := watching(t, false, false, nil, on).view(0); again.Name != views["On"].Name {
		t.Errorf("equal selections are called %q and %q", again.Name, views["On"].Name)
	}
}
