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
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	labelselection "k8s.io/apimachinery/pkg/selection"

	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// Memory is for what is selected: of targets, nothing is kept of objects that no rule selects; of attachments, just the metadata of
// objects that are none, because they may have a name that an attachment is wanted by.
//
// The API server evaluates the label selectors, unless there is a finalize hook: an object that leaves a selector is gone for a watch
// that has it, and would never be found again after a restart, while it still carries our finalizer. So all objects are read then, and
// those are kept that are selected or carry it.
//
// With a customize hook any object may be related, and one that is an attachment too would be told of by two watches, at two times. So
// all attachments are kept whole then, and both share one watch.

// view says what of the resource of that number is watched.
func (d *definition) view(number int) objects.View {
	attaches := slices.Contains(d.attachments, number)
	switch {
	case attaches && d.customize != nil:
		return objects.View{}
	case number >= len(d.selections):
		return objects.View{Name: "attachments", Intake: attachmentExtent}
	}
	targets := d.targetView(number)
	if !attaches || seesAll(&targets) {
		return targets
	}
	return objects.View{Name: "attachments or " + d.describeTargets(number), Intake: func(o *objects.Object) objects.Extent {
		return max(d.targetExtent(number, o), attachmentExtent(o))
	}}
}

// seesAll reports whether a view shows all objects, whole.
func seesAll(v *objects.View) bool { return v.Selector == "" && v.Intake == nil }

// targetView says what of the resource of that number is watched to find targets.
func (d *definition) targetView(number int) objects.View {
	selections := d.selections[number]
	if slices.ContainsFunc(selections, func(s selection) bool { return s.labels.Empty() && len(s.annotations) == 0 }) {
		return objects.View{}
	}
	var v objects.View
	if d.finalize == nil {
		v.Selector = union(selections)
		if len(selections) == 1 && len(selections[0].annotations) == 0 {
			return v // the server evaluates all there is
		}
	}
	v.Name = d.describeTargets(number)
	v.Intake = func(o *objects.Object) objects.Extent { return d.targetExtent(number, o) }
	return v
}

// targetExtent says how much is kept of an object that may be a target.
func (d *definition) targetExtent(number int, o *objects.Object) objects.Extent {
	if d.selects(number, o) || d.finalize != nil && slices.Contains(o.Finalizers, d.finalizer) {
		return objects.Whole
	}
	return objects.Nothing
}

// attachmentExtent says how much is kept of an object of an attachment's type. It is the same for all decorators, which share a watch.
func attachmentExtent(o *objects.Object) objects.Extent {
	if _, found := o.Annotations()[plan.DecoratorAnnotation]; found {
		return objects.Whole
	}
	return objects.Metadata
}

// describeTargets tells selections apart: it is the same for equal ones only.
func (d *definition) describeTargets(number int) string {
	var text strings.Builder
	for i := range d.selections[number] {
		s := &d.selections[number][i]
		fmt.Fprintf(&text, "labels %q", s.labels)
		for _, r := range s.annotations {
			fmt.Fprintf(&text, " annotation %q %s %q", r.key, r.operator, r.values)
		}
		text.WriteString("; ")
	}
	if d.finalize != nil {
		fmt.Fprintf(&text, "finalizer %q", d.finalizer)
	}
	return text.String()
}

// union returns a label selector that matches all that any of the selections matches. It is as narrow as one selector can be.
func union(selections []selection) string {
	first, _ := selections[0].labels.Requirements()
	var shared labels.Requirements
	for i := range first {
		r := &first[i]
		for _, s := range selections[1:] {
			if r = widen(r, s.labels); r == nil {
				break
			}
		}
		if r != nil {
			shared = append(shared, *r)
		}
	}
	return labels.NewSelector().Add(shared...).String()
}

// widen returns a requirement that holds whenever r does, and whenever the selector matches; nil when there is none.
func widen(r *labels.Requirement, selector labels.Selector) *labels.Requirement {
	others, _ := selector.Requirements()
	for i := range others {
		other := &others[i]
		switch {
		case r.Equal(*other):
			return r
		case r.Key() == other.Key() && enumerates(r) && enumerates(other):
			wider, err := labels.NewRequirement(r.Key(), labelselection.In, r.Values().Union(other.Values()).List())
			if err == nil {
				return wider
			}
		}
	}
	return nil
}

// enumerates reports whether a requirement names the values that a label may have.
func enumerates(r *labels.Requirement) bool {
	return r.Operator() == labelselection.In || r.Operator() == labelselection.Equals
}
