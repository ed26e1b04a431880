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

package initializer

import (
	"context"
	"errors"
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/initialization"
)

const (
	// maxInitializers is how many may match one object: all of them share one deadline.
	maxInitializers = 64
	// longestReview is what kube-apiserver grants at most.
	longestReview = 30 * time.Second
	// answerTime is kept of the time for a review, to answer in time.
	answerTime = time.Second
)

// Namespaces tells the labels of namespaces.
type Namespaces interface {
	Labels(ctx context.Context, name string) (labels.Set, error)
}

// Config is what a Reviewer needs. All fields are required.
type Config struct {
	Registry   *initialization.Registry
	Namespaces Namespaces
	// OwnNamespace is where the server runs.
	OwnNamespace string
	// Authorizer answers the questions of match conditions.
	Authorizer authorizer.UnconditionalAuthorizer
	Recorder   record.EventRecorderLogger
	Metrics    *Metrics
	Clock      clock.Clock
}

// Reviewer decides what becomes of new objects. It is safe for concurrent use.
type Reviewer struct {
	Config
	conditions *conditions
	tally      *tally
	limiter    *limiter
}

// NewReviewer returns a reviewer.
func NewReviewer(config Config) *Reviewer {
	return &Reviewer{
		Config: config, conditions: newConditions(), tally: newTally(), limiter: newLimiter(config.Clock),
	}
}

// Review answers a request: allowed with a patch, or refused. An error says that it cannot be answered now.
func (r *Reviewer) Review(ctx context.Context, request *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
	if request.Operation != admissionv1.Create || request.SubResource != "" {
		return &admissionv1.AdmissionResponse{Allowed: true}, nil
	}
	ctx, cancel := r.withBudget(ctx)
	defer cancel()
	if !r.Registry.WaitForSync(ctx) {
		return nil, errors.New("the InitializerControllers are not known yet")
	}
	snapshot, release := r.Registry.Use()
	defer release()
	if !r.concerned(snapshot, request) {
		return &admissionv1.AdmissionResponse{Allowed: true}, nil
	}
	object, err := initialization.Decode(request.Object.Raw)
	if err != nil {
		return nil, fmt.Errorf("request.object: %w", err)
	}
	chain, err := newChain(r, snapshot, request, object)
	if err != nil {
		return nil, fmt.Errorf("request.object: %w", err)
	}
	chain.run(ctx)
	r.report(ctx, chain)
	return chain.response()
}

// concerned reports whether any initializer declares the resource, and the namespace is not excluded.
func (r *Reviewer) concerned(snapshot *initialization.Snapshot, request *admissionv1.AdmissionRequest) bool {
	resource := resourceOf(request)
	for _, i := range snapshot.Initializers {
		if i.Declares(resource) {
			return !r.excluded(snapshot, request)
		}
	}
	return false
}

// withBudget ends the context early enough for an answer to arrive within the deadline of the request.
func (r *Reviewer) withBudget(ctx context.Context) (context.Context, context.CancelFunc) {
	budget := longestReview
	if deadline, ok := ctx.Deadline(); ok {
		budget = min(budget, deadline.Sub(r.Clock.Now()))
	}
	budget -= min(answerTime, budget/10)
	return context.WithTimeout(ctx, budget)
}

func (r *Reviewer) remaining(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline() // withBudget set one
	return deadline.Sub(r.Clock.Now())
}

func resourceOf(request *admissionv1.AdmissionRequest) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: request.Resource.Group, Version: request.Resource.Version, Resource: request.Resource.Resource}
}
