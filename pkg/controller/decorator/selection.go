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
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/objects"
)

// selection is one rule for objects of a type.
type selection struct {
	labels              labels.Selector
	annotations         []requirement
	ignoreStatusChanges bool
}

// requirement is one on annotations. Unlike those on labels its values are any text.
type requirement struct {
	key      string
	operator metav1.LabelSelectorOperator
	values   []string
}

func newSelection(rule *v1alpha1.DecoratorResourceRule) (selection, error) {
	s := selection{labels: labels.Everything(), ignoreStatusChanges: rule.IgnoreStatusChanges != nil && *rule.IgnoreStatusChanges}
	if rule.LabelSelector != nil {
		var err error
		if s.labels, err = metav1.LabelSelectorAsSelector(rule.LabelSelector); err != nil {
			return s, fmt.Errorf("labelSelector: %w", err)
		}
	}
	if rule.AnnotationSelector == nil {
		return s, nil
	}
	matches := rule.AnnotationSelector.MatchAnnotations
	for _, key := range slices.Sorted(maps.Keys(matches)) {
		s.annotations = append(s.annotations, requirement{key, metav1.LabelSelectorOpIn, []string{matches[key]}})
	}
	for i, expression := range rule.AnnotationSelector.MatchExpressions {
		switch expression.Operator {
		case metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist:
		default:
			return s, fmt.Errorf("annotationSelector.matchExpressions[%d].operator: %q is not a valid operator", i, expression.Operator)
		}
		s.annotations = append(s.annotations, requirement{expression.Key, expression.Operator, expression.Values})
	}
	return s, nil
}

// matches reports whether the rule selects an object. It parses the annotations only when the rule is about them.
func (s *selection) matches(o *objects.Object) bool {
	if !s.labels.Matches(labels.Set(o.Labels)) {
		return false
	}
	if len(s.annotations) == 0 {
		return true
	}
	annotations := o.Annotations()
	return !slices.ContainsFunc(s.annotations, func(r requirement) bool { return !r.holds(annotations) })
}

func (r *requirement) holds(annotations map[string]string) bool {
	value, found := annotations[r.key]
	switch r.operator {
	case metav1.LabelSelectorOpIn:
		return found && slices.Contains(r.values, value)
	case metav1.LabelSelectorOpNotIn: // as with labels, also where there is none
		return !found || !slices.Contains(r.values, value)
	case metav1.LabelSelectorOpExists:
		return found
	default:
		return !found
	}
}

// selects reports whether any rule for the type selects an object.
func (d *definition) selects(number int, o *objects.Object) bool {
	return slices.ContainsFunc(d.selections[number], func(s selection) bool { return s.matches(o) })
}

// ignoresStatus reports whether every rule that selects an object ignores changes of its status.
func (d *definition) ignoresStatus(number int, o *objects.Object) bool {
	selected := false
	for i := range d.selections[number] {
		if s := &d.selections[number][i]; s.matches(o) {
			if !s.ignoreStatusChanges {
				return false
			}
			selected = true
		}
	}
	return selected
}
