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
	"fmt"
	"sync"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/hookplane/hookplane/pkg/initialization"
)

// conditions evaluates match conditions. Each is compiled once.
type conditions struct {
	compiler plugincel.ConditionCompiler

	mu       sync.Mutex
	snapshot *initialization.Snapshot // whose initializers are compiled
	compiled map[*initialization.Initializer]matchconditions.Matcher
}

func newConditions() *conditions {
	return &conditions{
		compiler: plugincel.NewConditionCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())),
	}
}

// match reports whether all conditions of the initializer are true of the object: one that is false decides, whatever the
// others do. The cost of evaluating is limited as it is in kube-apiserver.
func (c *conditions) match(ctx context.Context, chain *chain, i *initialization.Initializer, authz authorizer.UnconditionalAuthorizer) (bool, error) {
	matcher := c.matcher(chain.snapshot, i)
	if matcher == nil {
		return true, nil
	}
	attributes, err := attributesOf(chain)
	if err != nil {
		return false, err
	}
	found := matcher.Match(ctx, attributes, nil, authz)
	if found.Error != nil {
		return false, fmt.Errorf("spec.matchConditions cannot be evaluated: %w", found.Error)
	}
	return found.Matches, nil
}

// matcher returns nil for an initializer without conditions.
func (c *conditions) matcher(snapshot *initialization.Snapshot, i *initialization.Initializer) matchconditions.Matcher {
	if len(i.Object.Spec.MatchConditions) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.snapshot != snapshot {
		kept := map[*initialization.Initializer]matchconditions.Matcher{}
		for _, i := range snapshot.Initializers {
			if matcher, ok := c.compiled[i]; ok {
				kept[i] = matcher
			}
		}
		c.snapshot, c.compiled = snapshot, kept
	}
	matcher, ok := c.compiled[i]
	if !ok {
		matcher = c.compile(i)
		c.compiled[i] = matcher
	}
	return matcher
}

func (c *conditions) compile(i *initialization.Initializer) matchconditions.Matcher {
	expressions := make([]plugincel.ExpressionAccessor, 0, len(i.Object.Spec.MatchConditions))
	for _, condition := range i.Object.Spec.MatchConditions {
		expressions = append(expressions, &matchconditions.MatchCondition{Name: condition.Name, Expression: condition.Expression})
	}
	filter := c.compiler.CompileCondition(expressions, plugincel.OptionalVariableDeclarations{HasAuthorizer: true}, environment.StoredExpressions)
	// Without a failure policy, an expression that fails is an error.
	return matchconditions.NewMatcher(filter, nil, "initializer", "admit", i.Name())
}

// attributesOf returns what expressions may look at.
func attributesOf(c *chain) (*admission.VersionedAttributes, error) {
	object, old := &unstructured.Unstructured{}, &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(c.object.JSON()); err != nil {
		return nil, err
	}
	request := c.request
	kind := schema.GroupVersionKind{Group: request.Kind.Group, Version: request.Kind.Version, Kind: request.Kind.Kind}
	record := admission.NewAttributesRecord(object, nil, kind, request.Namespace, request.Name, resourceOf(request), request.SubResource,
		admission.Create, old, c.info.DryRun, userOf(request))
	return &admission.VersionedAttributes{
		Attributes: record, VersionedKind: kind, VersionedObject: admission.NewLazyObject(object),
	}, nil
}

func userOf(request *admissionv1.AdmissionRequest) user.Info {
	info := &user.DefaultInfo{Name: request.UserInfo.Username, UID: request.UserInfo.UID, Groups: request.UserInfo.Groups}
	for key, values := range request.UserInfo.Extra {
		if info.Extra == nil {
			info.Extra = map[string][]string{}
		}
		info.Extra[key] = values
	}
	return info
}
