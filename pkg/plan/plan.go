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

package plan

import (
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/hook"
)

// Input is what a plan is made from. Nothing in it is modified.
type Input struct {
	// Parent is the parent as the hook saw it.
	Parent Parent
	// Strategy is how children are written; ServerSideApply when empty.
	Strategy Strategy
	// Rules are the declared types of children. A ChildKey's Rule is an index into them.
	Rules []Rule
	// Selector is what the labels of every desired child must match. Nil matches all.
	Selector labels.Selector
	// GenerateSelector adds the label controller-uid with the parent's UID to desired children that lack it.
	GenerateSelector bool
	// Children are the observed children whose controller is the parent, of all rules, in any order.
	Children []Child
	// Lookup finds any object of a rule's type by name, whoever owns it.
	Lookup func(rule int, namespace, name string) (Child, bool)
	// Response is the hook's answer.
	Response *hook.CompositeResponse
	// Settled is what earlier syncs of this parent, with the same rules, found to need no write. May be nil.
	Settled map[ChildKey]Settled
	// Rollout is about the revisions of the parent; nil when no rule has a rolling method.
	Rollout *Rollout
	// SettledStatus is the Fingerprint of the last StatusWrite that changed nothing; 0 when there was none.
	SettledStatus uint64

	// Decorator is the name of the DecoratorController when the children are attachments: [Decorator] sets it. Empty otherwise.
	Decorator string
}

// Parent is the object that the children belong to.
type Parent struct {
	APIVersion string
	Kind       string
	Namespace  string // empty when cluster-scoped
	Name       string
	UID        types.UID
	Generation int64
	// LeaveChildren says that the children are left to the garbage collector, which is about to delete or orphan them.
	LeaveChildren bool
	// Status is the observed status as JSON; nil when there is none.
	Status []byte
	// KeepStatus says that the status belongs to another controller: an answer without one leaves it alone.
	KeepStatus bool
}

// Strategy is how children are written, and what tells which of their fields are the hook's. docs/protocol.md §5.
type Strategy string

const (
	// ServerSideApply sends what the hook wants and has the server merge it; managedFields tell what was applied.
	ServerSideApply Strategy = "server-side-apply"
	// DynamicApply merges on this side; an annotation tells what was applied.
	DynamicApply Strategy = "dynamic-apply"
)

// Method is what to do with an existing child that differs from its desired state.
type Method string

const (
	// OnDelete leaves it alone until somebody deletes it.
	OnDelete Method = "OnDelete"
	// Recreate deletes it; a later sync creates it anew.
	Recreate Method = "Recreate"
	// InPlace updates it.
	InPlace Method = "InPlace"
	// RollingRecreate deletes one child after the other; each is created anew before the next one goes. docs/protocol.md §6.
	RollingRecreate Method = "RollingRecreate"
	// RollingInPlace updates one child after the other.
	RollingInPlace Method = "RollingInPlace"
)

// rolls tells whether children change one after the other.
func (m Method) rolls() bool { return m == RollingRecreate || m == RollingInPlace }

// once returns what a method does to a child whose turn it is.
func (m Method) once() Method {
	switch m {
	case RollingRecreate:
		return Recreate
	case RollingInPlace:
		return InPlace
	default:
		return m
	}
}

// Rule declares a type of children.
type Rule struct {
	APIVersion string // "v1", "apps/v1"
	Kind       string
	Resource   string // plural
	Namespaced bool
	Method     Method
	// StatusChecks are what an updated child must pass before a rollout goes on. Other methods do not look at them.
	StatusChecks []StatusCheck
}

// Child is an object that was observed.
type Child struct {
	Rule            int
	Namespace       string
	Name            string
	ResourceVersion string
	UID             types.UID
	Deleting        bool
	// ControllerUID is the UID of the controller owner reference; empty when there is none.
	ControllerUID types.UID
	// ControllerName is that controller's kind and name, for messages: "Ecommerce shop-2".
	ControllerName string
	// Raw is the object as JSON. Needed only of children that turn out to be unsettled.
	Raw []byte
	// AppliedFields is the FieldsV1 JSON of what our field manager applied; empty when it never did.
	AppliedFields string
	// ContentDigest changes when anything but status, managedFields and resourceVersion does.
	ContentDigest uint64
}

// ChildKey identifies a child of one parent.
type ChildKey struct {
	Rule      int // index into Input.Rules
	Namespace string
	Name      string
}

// Settled says that a child needs no write as long as neither the answer nor the child changes.
// The zero value says nothing. It is meaningless outside this process.
type Settled struct {
	// DesiredHash is of the desired child's bytes, of what the plan adds to them and of the selector that they passed.
	DesiredHash uint64
	// BodyHash is of what the hook wants as it is sent, so that a mere change of key order in the answer does not matter.
	// 0 when no write was ever needed.
	BodyHash uint64
	// ContentDigest is of the observed child that was found settled.
	ContentDigest uint64
	// ResourceVersion is of the child as our own write left it, when its content was not observed since.
	ResourceVersion string
}

// Op is what a Write does.
type Op string

const (
	// Create creates a child.
	Create Op = "Create"
	// Update changes an existing child.
	Update Op = "Update"
	// Delete deletes a child that is not wanted any more or, when Body is set, one that is to be created anew.
	Delete Op = "Delete"
)

// Write is one write to a child.
type Write struct {
	Op Op
	// Strategy says what Body is; ServerSideApply when empty.
	Strategy Strategy
	Key      ChildKey
	// Reason says why, in a few words and without values: "spec.containers[name=solr].image differs".
	Reason string
	// UID and ResourceVersion are of the observed child: preconditions of the write. Empty for a Create.
	UID             types.UID
	ResourceVersion string
	// Body is JSON: with ServerSideApply the apply configuration, with DynamicApply the whole object to create, or to put in the
	// place of the observed one. Nil for the Delete of a child that is not wanted any more.
	//
	// On a Delete it is what the child should become. The child is to be deleted only when a dry run of Body changes it, else
	// a server that normalises values has us delete and create the same child for ever.
	Body []byte
	// Adopts says that the other strategy wrote the child until now: what that left behind, an annotation or managed fields, is to
	// go with this write, and in one write where nothing else differs. [DropRecord] helps.
	Adopts bool
	// Observed is the observed child as JSON, to compare a dry run with. Set for a Delete with a Body, and with Adopts.
	Observed []byte

	// bookkeeping says that the child itself is as desired: only what tells which fields are the hook's is not.
	bookkeeping   bool
	desiredHash   uint64
	bodyHash      uint64
	contentDigest uint64
}

// Settle returns what to remember of a Create, an Update or a Delete with a Body once it succeeded with the child left at
// resourceVersion. Handing it back as [Input.Settled] under the write's key spares the next sync a write when the server
// stored something that does not look like what was sent.
func (w *Write) Settle(resourceVersion string) Settled {
	settled := Settled{DesiredHash: w.desiredHash, BodyHash: w.bodyHash}
	if resourceVersion == w.ResourceVersion {
		settled.ContentDigest = w.contentDigest // Nothing changed: what was observed is as good as it gets.
	} else {
		settled.ResourceVersion = resourceVersion
	}
	return settled
}

// Result is what one sync is to write.
type Result struct {
	// Writes are those of children. First the deletes of children that are not wanted any more, by rule, namespace and
	// name, then the others in the order of the answer. They do not depend on each other.
	Writes []Write
	// Status is nil when the observed status is as desired.
	Status *StatusWrite
	// Settled are the children that need no write now: Input.Settled of the next sync, after the caller added the
	// outcomes of Writes ([Write.Settle]).
	Settled map[ChildKey]Settled
	// Progress is how a rollout goes on; nil when there are no revisions, or children are left alone.
	Progress *Progress
	// Problems are of single children and do not void the answer. In the order of the answer.
	Problems []Problem
}

// Problem is why a desired child is left alone although its desired state is not met.
type Problem struct {
	Key     ChildKey
	Message string
}

// Composite plans one sync of a composite controller's parent.
//
// The error is an *InvalidResponseError when the hook's answer is at fault; nothing is to be written then. Other errors mean
// that the input is at fault: a rule whose method this version does not know, an observed object that is not JSON.
func Composite(in Input) (Result, error) {
	rules, err := indexRules(in.Rules)
	if err != nil {
		return Result{}, err
	}
	var faults faults
	wanted := checkChildren(&in, rules, &faults)
	status := desiredStatus(&in, &faults)

	var result Result
	if !in.Parent.LeaveChildren {
		result, err = planChildren(&in, rules, wanted, &faults)
		if err != nil {
			return Result{}, err
		}
	}
	if in.Rollout != nil {
		addUpdated(&in, status, result.Progress, &faults)
	}
	if err := faults.asError(&in); err != nil {
		return Result{}, err
	}
	result.Status, err = planStatus(&in, status)
	if err != nil {
		return Result{}, err
	}
	return result, nil
}
