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

package apply

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/plan"
)

// Outcome is what became of one write.
type Outcome struct {
	// ResourceVersion is of the object after the write; empty when it is gone or the write failed. After a delete it is of
	// the object as it was marked or removed: a watch shows one or the other.
	ResourceVersion string
	// Gone says that the API server told that the object does not exist any more: it was deleted at once, or had been before.
	Gone bool
	// Kept says that a Delete with a Body updated the object where it is: it turned out to differ in nothing that matters.
	Kept bool
	// Unchanged says that the object already was as desired: the server changed nothing, and no watch will tell of it.
	Unchanged bool
	// Err names the child and wraps the API server's error.
	Err error
}

// Op is what a write turned out to be.
func (o *Outcome) Op(write *plan.Write) plan.Op {
	if o.Kept {
		return plan.Update
	}
	return write.Op
}

// Written returns the objects that writes of a plan created, updated or deleted, as "Pod default/solr". The outcomes are those of Children.
func Written(rules []plan.Rule, writes []plan.Write, outcomes []Outcome, op plan.Op) []string {
	var names []string
	for i := range outcomes {
		w, outcome := &writes[i], &outcomes[i]
		if outcome.Err == nil && !outcome.Unchanged && outcome.Op(w) == op {
			names = append(names, rules[w.Key.Rule].Kind+" "+klog.KRef(w.Key.Namespace, w.Key.Name).String())
		}
	}
	return names
}

// Children carries out writes of a plan that was made with rules, several at a time, and returns when all have ended.
// Outcome i is that of writes[i].
func (a *Applier) Children(ctx context.Context, rules []plan.Rule, writes []plan.Write) []Outcome {
	outcomes := make([]Outcome, len(writes))
	var group errgroup.Group // Without its context: a child that cannot be written is no reason to leave out the others.
	group.SetLimit(a.parallelism)
	for i := range writes {
		group.Go(func() error {
			outcomes[i] = a.child(ctx, rules[writes[i].Key.Rule], &writes[i])
			return nil
		})
	}
	_ = group.Wait() // Errors are in the outcomes.
	return outcomes
}

func (a *Applier) child(ctx context.Context, rule plan.Rule, write *plan.Write) Outcome {
	version, err := schema.ParseGroupVersion(rule.APIVersion)
	target := Target{
		GroupVersionResource: version.WithResource(rule.Resource),
		Kind:                 rule.Kind,
		Namespace:            write.Key.Namespace,
		Name:                 write.Key.Name,
	}
	ctx, step := begin(ctx, target)
	var outcome Outcome
	var verb string
	switch {
	case err != nil:
		verb = "write"
	case write.Op == plan.Create:
		verb = "create"
		outcome, err = a.create(ctx, target, write)
	case write.Op == plan.Update:
		verb = "update"
		outcome, err = a.update(ctx, target, write)
	case write.Op == plan.Delete && write.Body != nil:
		verb = "recreate"
		outcome, err = a.deleteIfDifferent(ctx, target, write)
	case write.Op == plan.Delete:
		verb = "delete"
		outcome, err = a.delete(ctx, target, write)
	default:
		verb, err = "write", fmt.Errorf("unknown operation %q", write.Op)
	}
	end(step, verb, target, err)
	if err != nil {
		return Outcome{Err: fmt.Errorf("cannot %s %s: %w", verb, target, explain(target, err))}
	}
	return outcome
}

func (a *Applier) delete(ctx context.Context, target Target, write *plan.Write) (Outcome, error) {
	options, err := deleteOptions(write.UID, write.ResourceVersion)
	if err != nil {
		return Outcome{}, fmt.Errorf("cannot encode delete options: %w", err)
	}
	body, err := send(ctx, a.request(http.MethodDelete, target).
		SetHeader("Content-Type", runtime.ContentTypeJSON).
		Body(options))
	if apierrors.IsNotFound(err) {
		return Outcome{Gone: true}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	object, err := readAnswer(body)
	if err != nil {
		return Outcome{}, err
	}
	if object.gone() {
		return Outcome{Gone: true}, nil
	}
	return Outcome{ResourceVersion: object.Metadata.ResourceVersion}, nil
}
