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

package related

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// maxProblems is how many problems of one answer are listed.
const maxProblems = 10

// InvalidAnswerError says that a customize hook answered rules that no parent of its kind may have.
type InvalidAnswerError struct{ Problems field.ErrorList }

func (e *InvalidAnswerError) Error() string {
	listed := e.Problems[:min(len(e.Problems), maxProblems)]
	texts := make([]string, len(listed), len(listed)+1)
	for i, problem := range listed {
		texts[i] = hook.Excerpt([]byte(problem.Error()))
	}
	if more := len(e.Problems) - len(listed); more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return "the customize hook's answer is invalid: " + strings.Join(texts, "; ")
}

// typeName is how a rule names a resource type.
type typeName struct{ apiVersion, resource string }

// missingTypesError says that the cluster does not serve what rules name.
type missingTypesError struct {
	types []typeName
	paths []string
}

func (e *missingTypesError) Error() string {
	texts := make([]string, len(e.types))
	for i, missing := range e.types {
		texts[i] = fmt.Sprintf("%s: the cluster serves no resource %q in %s", e.paths[i], hook.Excerpt([]byte(missing.resource)), hook.Excerpt([]byte(missing.apiVersion)))
	}
	return "the customize hook's answer: " + strings.Join(texts, "; ") +
		": check the spelling, or install its CustomResourceDefinition (the parent is then synced by itself)"
}

// lookup finds a resource type, as objects.Cache.Lookup does.
type lookup func(ctx context.Context, apiVersion, resource string) (objects.Resource, error)

// compiler makes rules of one answer.
type compiler struct {
	scope    Scope
	parent   *objects.Object
	lookup   lookup
	problems field.ErrorList
	missing  missingTypesError
}

// compile checks an answer. The rules that name known types are returned also when others do not: then the error is a
// *missingTypesError. It is an *InvalidAnswerError when the hook is to blame; any other may pass by itself.
func compile(ctx context.Context, lookup lookup, scope Scope, parent *objects.Object, answer []hookapi.RelatedResourceRule) ([]*rule, error) {
	c := &compiler{scope: scope, parent: parent, lookup: lookup}
	rules := make([]*rule, 0, len(answer))
	for i := range answer {
		path := field.NewPath("relatedResources").Index(i)
		compiled, err := c.rule(ctx, path, &answer[i])
		if err != nil {
			return nil, fmt.Errorf("the customize hook's answer: %s: %w", path, err)
		}
		if compiled != nil {
			rules = append(rules, compiled)
		}
	}
	if len(c.problems) > 0 {
		return nil, &InvalidAnswerError{c.problems}
	}
	if len(c.missing.types) > 0 {
		return rules, &c.missing
	}
	return rules, nil
}

// rule compiles one rule, and notes what is wrong with it. Then it returns nil.
func (c *compiler) rule(ctx context.Context, path *field.Path, r *hookapi.RelatedResourceRule) (*rule, error) {
	before := len(c.problems)
	c.checkType(path, r)
	c.checkCombination(path, r)
	compiled := &rule{selector: c.selector(path.Child("labelSelector"), r.LabelSelector), names: c.names(path.Child("names"), r.Names)}
	if r.NamespaceSelector != nil {
		compiled.namespaceSelector = c.selector(path.Child("namespaceSelector"), r.NamespaceSelector)
	}
	if len(c.problems) > before {
		return nil, nil
	}
	if err := c.find(ctx, path, r, compiled); err != nil || compiled.id.resource.Resource == "" {
		return nil, err
	}
	c.checkScope(path, r, compiled.id.resource)
	if len(c.problems) > before {
		return nil, nil
	}
	c.place(r, compiled)
	compiled.identify()
	return compiled, nil
}

func (c *compiler) checkType(path *field.Path, r *hookapi.RelatedResourceRule) {
	if r.APIVersion == "" {
		c.problems = append(c.problems, field.Required(path.Child("apiVersion"), `such as "v1" or "apps/v1"`))
	} else if gv, err := schema.ParseGroupVersion(r.APIVersion); err != nil || gv.Version == "" {
		c.invalid(path.Child("apiVersion"), r.APIVersion, `must be "group/version", or "version" for the core group`)
	}
	switch {
	case r.Resource == "":
		c.problems = append(c.problems, field.Required(path.Child("resource"), `the lower-case plural name, such as "configmaps"`))
	case strings.Contains(r.Resource, "/") || strings.ToLower(r.Resource) != r.Resource:
		c.invalid(path.Child("resource"), r.Resource, `must be the lower-case plural name, such as "configmaps"`)
	}
}

// checkCombination checks which fields are set together, docs/protocol.md §2.
func (c *compiler) checkCombination(path *field.Path, r *hookapi.RelatedResourceRule) {
	if len(r.Names) > 0 && r.LabelSelector != nil {
		c.forbidden(path.Child("labelSelector"), "may not be set together with names")
	}
	if len(r.Names) > 0 && r.NamespaceSelector != nil {
		c.forbidden(path.Child("namespaceSelector"), "may not be set together with names")
	}
	if r.Namespace != "" && r.NamespaceSelector != nil {
		c.forbidden(path.Child("namespaceSelector"), "may not be set together with namespace")
	}
	if !c.ownNamespaceOnly(c.scope.Version) {
		return
	}
	if r.NamespaceSelector != nil {
		c.forbidden(path.Child("namespaceSelector"), "a v1 hook of a namespaced parent is shown the parent's own namespace only: set the hooks' version to v2")
	}
	if r.Namespace != "" && r.Namespace != c.parent.Namespace {
		c.invalid(path.Child("namespace"), r.Namespace,
			fmt.Sprintf("a v1 hook of a namespaced parent is shown the parent's own namespace (%s) only: set the hooks' version to v2", c.parent.Namespace))
	}
}

func (c *compiler) selector(path *field.Path, s *metav1.LabelSelector) labels.Selector {
	if s == nil {
		return labels.Everything()
	}
	problems := metav1validation.ValidateLabelSelector(s, metav1validation.LabelSelectorValidationOptions{}, path)
	c.problems = append(c.problems, problems...)
	if len(problems) > 0 {
		return labels.Nothing()
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		c.problems = append(c.problems, field.Invalid(path, "", hook.Excerpt([]byte(err.Error()))))
	}
	return selector
}

func (c *compiler) names(path *field.Path, names []string) []string {
	for i, name := range names {
		if name == "" {
			c.invalid(path.Index(i), name, "must be the name of an object")
		} else if strings.Contains(name, "/") {
			c.invalid(path.Index(i), name, "must be a name alone; the namespace has a field of its own")
		}
	}
	names = slices.Sorted(slices.Values(names))
	return slices.Compact(names)
}

// find looks up the types that a rule needs, and notes when the cluster does not serve one.
func (c *compiler) find(ctx context.Context, path *field.Path, r *hookapi.RelatedResourceRule, compiled *rule) error {
	resource, err := c.lookup(ctx, r.APIVersion, r.Resource)
	if _, missing := errors.AsType[*objects.ResourceNotFoundError](err); missing {
		c.missing.types = append(c.missing.types, typeName{r.APIVersion, r.Resource})
		c.missing.paths = append(c.missing.paths, path.String())
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking up %s in %s: %w", r.Resource, r.APIVersion, err)
	}
	compiled.id.resource = resource
	if compiled.namespaceSelector != nil {
		if compiled.namespaces, err = c.lookup(ctx, "v1", "namespaces"); err != nil {
			return fmt.Errorf("looking up namespaces: %w", err)
		}
	}
	return nil
}

func (c *compiler) checkScope(path *field.Path, r *hookapi.RelatedResourceRule, resource objects.Resource) {
	if resource.Namespaced {
		return
	}
	if r.Namespace != "" {
		c.forbidden(path.Child("namespace"), resource.Resource+" are cluster-scoped")
	}
	if r.NamespaceSelector != nil {
		c.forbidden(path.Child("namespaceSelector"), resource.Resource+" are cluster-scoped")
	}
}

// place says in which namespaces the rule looks, and leaves out what no hook would be shown.
func (c *compiler) place(r *hookapi.RelatedResourceRule, compiled *rule) {
	id := &compiled.id
	id.namespace = r.Namespace
	if id.resource.Namespaced && id.namespace == "" && c.ownNamespaceOnly(c.scope.Version) {
		id.namespace = c.parent.Namespace
	}
	if !c.ownNamespaceOnly(c.scope.Shown) {
		return
	}
	switch {
	case !id.resource.Namespaced, id.namespace != "" && id.namespace != c.parent.Namespace:
		id.hidden = true
	case compiled.namespaceSelector == nil:
		id.namespace = c.parent.Namespace
	}
}

// ownNamespaceOnly reports whether hooks of a version have no name for objects outside the parent's namespace.
func (c *compiler) ownNamespaceOnly(version hook.Version) bool {
	return c.parent.Namespace != "" && version != hook.V2
}

func (c *compiler) invalid(path *field.Path, value, detail string) {
	c.problems = append(c.problems, field.Invalid(path, hook.Excerpt([]byte(value)), detail))
}

func (c *compiler) forbidden(path *field.Path, detail string) {
	c.problems = append(c.problems, field.Forbidden(path, detail))
}
