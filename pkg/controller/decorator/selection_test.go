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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/objects"
)

func TestSelection(t *testing.T) {
	object := &objects.Object{
		Labels: map[string]string{"tier": "web"},
		Raw:    []byte(`{"metadata":{"annotations":{"Example.com/text":"any text: {}","empty":""}}}`),
	}
	annotations := func(key string, operator metav1.LabelSelectorOperator, values ...string) *v1alpha1.AnnotationSelector {
		return &v1alpha1.AnnotationSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: key, Operator: operator, Values: values}}}
	}
	web, db := &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "web"}}, &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "db"}}
	for name, tc := range map[string]struct {
		rule v1alpha1.DecoratorResourceRule
		want bool
	}{
		"Everything":       {want: true},
		"Label":            {rule: v1alpha1.DecoratorResourceRule{LabelSelector: web}, want: true},
		"OtherLabel":       {rule: v1alpha1.DecoratorResourceRule{LabelSelector: db}},
		"Empty":            {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: &v1alpha1.AnnotationSelector{}}, want: true},
		"Text":             {rule: matching("Example.com/text", "any text: {}"), want: true},
		"OtherText":        {rule: matching("Example.com/text", "any text")},
		"KeyCase":          {rule: matching("example.com/text", "any text: {}")},
		"EmptyValue":       {rule: matching("empty", ""), want: true},
		"EmptyValueAbsent": {rule: matching("absent", "")},
		"In":               {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("Example.com/text", "In", "x", "any text: {}")}, want: true},
		"InAbsent":         {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("absent", "In", "")}},
		"NotIn":            {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("Example.com/text", "NotIn", "any text: {}")}},
		"NotInAbsent":      {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("absent", "NotIn", "x")}, want: true},
		"Exists":           {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("empty", "Exists")}, want: true},
		"ExistsAbsent":     {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("absent", "Exists")}},
		"DoesNotExist":     {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("empty", "DoesNotExist")}},
		"Absent":           {rule: v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("absent", "DoesNotExist")}, want: true},
		"BothNeeded":       {rule: v1alpha1.DecoratorResourceRule{LabelSelector: db, AnnotationSelector: annotations("empty", "Exists")}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := newSelection(&tc.rule)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.matches(object); got != tc.want {
				t.Errorf("matches() = %t, want %t", got, tc.want)
			}
		})
	}
	if _, err := newSelection(&v1alpha1.DecoratorResourceRule{AnnotationSelector: annotations("a", "Near")}); err == nil {
		t.Error("an unknown operator is no error")
	}
}

// matching is a rule for one annotation.
func matching(key, value string) v1alpha1.DecoratorResourceRule {
	return v1alpha1.DecoratorResourceRule{AnnotationSelector: &v1alpha1.AnnotationSelector{MatchAnnotations: map[string]string{key: value}}}
}

// TestSeveralRules has an object selected by any of them, and its status ignored when all of those do.
func TestSeveralRules(t *testing.T) {
	yes := true
	var d definition
	d.selections = [][]selection{nil}
	for _, rule := range []v1alpha1.DecoratorResourceRule{
		{LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "1"}}, IgnoreStatusChanges: &yes},
		{LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"b": "1"}}},
	} {
		s, err := newSelection(&rule)
		if err != nil {
			t.Fatal(err)
		}
		d.selections[0] = append(d.selections[0], s)
	}
	for name, tc := range map[string]struct {
		labels            map[string]string
		selected, ignored bool
	}{
		"None": {}, "First": {labels: map[string]string{"a": "1"}, selected: true, ignored: true},
		"Second": {labels: map[string]string{"b": "1"}, selected: true},
		"Both":   {labels: map[string]string{"a": "1", "b": "1"}, selected: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := &objects.Object{Labels: tc.labels}
			if got := d.selects(0, o); got != tc.selected {
				t.Errorf("selects() = %t, want %t", got, tc.selected)
			}
			if got := d.ignoresStatus(0, o); got != tc.ignored {
				t.Errorf("ignoresStatus() = %t, want %t", got, tc.ignored)
			}
		})
	}
}
