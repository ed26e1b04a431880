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

package revision

import (
	"slices"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/plan"
)

// Verb is what a Change does.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Update Verb = "update"
	Delete Verb = "delete"
)

// Change is one write of a revision.
type Change struct {
	Verb     Verb
	Revision *v1alpha1.ControllerRevision
}

// Rollout puts the set into the words of the plan, which adds what the hook answered for the older ones.
func (s *Set) Rollout() *plan.Rollout {
	rollout := &plan.Rollout{Latest: plan.Revision{Name: s.Latest.Name, Children: members(s.Latest)}}
	for _, older := range s.Older {
		rollout.Older = append(rollout.Older, plan.Revision{Name: older.Name, Children: members(older.ControllerRevision)})
	}
	return rollout
}

// Changes returns the writes that record a rollout's progress: the latest revision first, so that a child that moves is in two
// of them when it ends in between, and not in none.
func (s *Set) Changes(progress *plan.Progress) []Change {
	var changes []Change
	latest := withMembers(s.Latest, progress.Latest)
	switch {
	case latest.ResourceVersion == "":
		changes = append(changes, Change{Create, latest})
	case !sameChildren(latest, s.Latest):
		changes = append(changes, Change{Update, latest})
	}
	for i, older := range s.Older {
		revision := withMembers(older.ControllerRevision, progress.Older[i])
		switch {
		case len(revision.Children) == 0:
			changes = append(changes, Change{Delete, revision})
		case !sameChildren(revision, older.ControllerRevision):
			changes = append(changes, Change{Update, revision})
		}
	}
	for _, revision := range s.empty {
		changes = append(changes, Change{Delete, revision})
	}
	return changes
}

func sameChildren(a, b *v1alpha1.ControllerRevision) bool {
	return apiequality.Semantic.DeepEqual(a.Children, b.Children)
}

func members(revision *v1alpha1.ControllerRevision) []plan.Members {
	all := make([]plan.Members, 0, len(revision.Children))
	for _, children := range revision.Children {
		all = append(all, plan.Members{APIGroup: children.APIGroup, Kind: children.Kind, Names: slices.Clone(children.Names)})
	}
	return all
}

func withMembers(revision *v1alpha1.ControllerRevision, members []plan.Members) *v1alpha1.ControllerRevision {
	revision = revision.DeepCopy()
	revision.Children = nil
	for _, m := range members {
		revision.Children = append(revision.Children, v1alpha1.ControllerRevisionChildren{APIGroup: m.APIGroup, Kind: m.Kind, Names: m.Names})
	}
	return revision
}
