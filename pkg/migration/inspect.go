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

package migration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/pkg/plan"
)

// maxRemarks is how many remarks on one controller's objects are kept: others are counted.
const maxRemarks = 10

// Inspection is what a controller has to do with, as far as it can be told without its hook.
type Inspection struct {
	// Parents are the types of the parents, with how many there are.
	Parents []Count
	// Children are the types of the children, with how many there are and in which form they were applied.
	Children []Count
	// Rollouts are how many parents have children that are not in the latest revision. These go on.
	Rollouts int
	// Remarks are sentences on single objects, Omitted how many more there are.
	Remarks []string
	Omitted int
	// LastWrite is when Metacontroller wrote one of them last; zero: nothing tells.
	LastWrite time.Time
}

// Count counts the objects of a type.
type Count struct {
	Resource schema.GroupVersionResource
	Total    int
	// Recorded were applied by dynamic-apply, Applied by server-side apply.
	Recorded, Applied int
}

// Inspector looks at parents and children.
type Inspector struct {
	cluster *Cluster
	// finalizers are those of all controllers.
	finalizers map[string]bool
	// revisions are how many revisions with children there are, by their owner.
	revisions map[types.UID]int
}

// NewInspector returns an Inspector for the controllers among all objects.
func (c *Cluster) NewInspector(objects []Object) *Inspector {
	i := &Inspector{cluster: c, finalizers: map[string]bool{}, revisions: map[types.UID]int{}}
	for _, object := range objects {
		if revision, isRevision := object.Stored.(*metacontroller.ControllerRevision); isRevision && len(revision.Children) > 0 {
			if owner := metav1.GetControllerOf(revision); owner != nil {
				i.revisions[owner.UID]++
			}
		}
		i.finalizers[finalizerPrefix+strings.ToLower(object.Kind)+"-"+object.Key] = true
	}
	return i
}

// finalizerPrefix begins the finalizers that controllers put on parents.
const finalizerPrefix = "metacontroller.io/"

// Inspect looks at the parents and children of a controller. Nil: the object is none, or cannot be copied.
func (i *Inspector) Inspect(ctx context.Context, object *Object) (*Inspection, error) {
	s := &scan{Inspector: i, parents: map[types.UID]*family{}, found: &Inspection{}}
	switch controller := object.Stored.(type) {
	case *metacontroller.CompositeController:
		spec := &controller.Spec
		if err := s.readParents(ctx, gvrOf(spec.ParentResource.APIVersion, spec.ParentResource.Resource), func(parent *unstructured.Unstructured) (*family, bool) {
			return familyOf(parent, spec)
		}); err != nil {
			return nil, err
		}
		for _, child := range spec.ChildResources {
			if err := s.readChildren(ctx, gvrOf(child.APIVersion, child.Resource)); err != nil {
				return nil, err
			}
		}
	case *metacontroller.DecoratorController:
		s.decorator = controller.Name
		for _, rule := range controller.Spec.Resources {
			if err := s.readParents(ctx, gvrOf(rule.APIVersion, rule.Resource), func(target *unstructured.Unstructured) (*family, bool) {
				return &family{}, selected(rule.LabelSelector, target.GetLabels()) && annotated(rule.AnnotationSelector, target.GetAnnotations())
			}); err != nil {
				return nil, err
			}
		}
		for _, attachment := range controller.Spec.Attachments {
			if err := s.readChildren(ctx, gvrOf(attachment.APIVersion, attachment.Resource)); err != nil {
				return nil, err
			}
		}
	default:
		return nil, nil
	}
	return s.found, nil
}

func gvrOf(apiVersion, resource string) schema.GroupVersionResource {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil { // validation refuses it
		return schema.GroupVersionResource{Resource: resource}
	}
	return gv.WithResource(resource)
}

// family is a parent as far as its children are concerned.
type family struct {
	namespace string
	// selector is what children have to match; nil: everything does.
	selector labels.Selector
}

// familyOf returns a parent of a CompositeController, and whether it is one.
func familyOf(parent *unstructured.Unstructured, spec *metacontroller.CompositeControllerSpec) (*family, bool) {
	f := &family{}
	raw, found, _ := unstructured.NestedMap(parent.Object, "spec", "selector") // of another form: nothing matches it
	switch {
	case spec.GenerateSelector != nil && *spec.GenerateSelector:
		f.selector = labels.SelectorFromSet(labels.Set{"controller-uid": string(parent.GetUID())})
	case found:
		f.selector = parseSelector(raw)
	default:
		f.selector = labels.Nothing()
	}
	return f, selected(spec.ParentResource.LabelSelector, parent.GetLabels())
}

func parseSelector(raw map[string]any) labels.Selector {
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &selector); err != nil {
		return labels.Nothing()
	}
	parsed, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil {
		return labels.Nothing()
	}
	return parsed
}

// selected reports whether labels match a selector; nil matches all.
func selected(selector *metav1.LabelSelector, of map[string]string) bool {
	if selector == nil {
		return true
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(of)) // validation refuses what cannot be parsed
}

// annotated reports whether annotations match a selector but for its expressions.
func annotated(selector *metacontroller.AnnotationSelector, annotations map[string]string) bool {
	if selector == nil {
		return true
	}
	for name, value := range selector.MatchAnnotations {
		if annotations[name] != value {
			return false
		}
	}
	return true
}

// scan is the inspection of one controller while it goes on.
type scan struct {
	*Inspector
	decorator string
	parents   map[types.UID]*family
	found     *Inspection
}

func (s *scan) remark(format string, args ...any) {
	if len(s.found.Remarks) >= maxRemarks {
		s.found.Omitted++
		return
	}
	s.found.Remarks = append(s.found.Remarks, fmt.Sprintf(format, args...))
}

func (s *scan) readParents(ctx context.Context, resource schema.GroupVersionResource, judge func(*unstructured.Unstructured) (*family, bool)) error {
	count := Count{Resource: resource}
	err := s.cluster.each(ctx, resource, func(parent *unstructured.Unstructured) {
		family, isParent := judge(parent)
		if !isParent {
			return
		}
		count.Total++
		family.namespace = parent.GetNamespace()
		s.parents[parent.GetUID()] = family
		s.see(parent)
		if s.revisions[parent.GetUID()] > 1 {
			s.found.Rollouts++
		}
		for _, finalizer := range parent.GetFinalizers() {
			if s.orphaned(finalizer) {
				s.remark("%s has the finalizer %s of a controller that does not exist: it can be deleted when you take that off", nameOf(parent), finalizer)
			}
		}
	})
	s.found.Parents = append(s.found.Parents, count)
	return err
}

// orphaned reports whether a finalizer is one of a controller that does not exist: Metacontroller leaves them behind.
func (s *scan) orphaned(finalizer string) bool {
	isOurs := strings.HasPrefix(finalizer, finalizerPrefix+"compositecontroller-") || strings.HasPrefix(finalizer, finalizerPrefix+"decoratorcontroller-")
	return isOurs && !s.finalizers[finalizer]
}

func (s *scan) readChildren(ctx context.Context, resource schema.GroupVersionResource) error {
	count := Count{Resource: resource}
	err := s.cluster.each(ctx, resource, func(child *unstructured.Unstructured) {
		owner := metav1.GetControllerOfNoCopy(child)
		if owner == nil {
			return
		}
		family := s.parents[owner.UID]
		if family == nil || s.decorator != "" && child.GetAnnotations()[plan.DecoratorAnnotation] != s.decorator {
			return
		}
		count.Total++
		s.see(child)
		_, recorded := child.GetAnnotations()[plan.LastAppliedAnnotation]
		switch {
		case recorded:
			count.Recorded++
		case slices.ContainsFunc(child.GetManagedFields(), isApplied):
			count.Applied++
		}
		s.judgeChild(child, family, owner)
	})
	s.found.Children = append(s.found.Children, count)
	return err
}

func (s *scan) judgeChild(child *unstructured.Unstructured, family *family, owner *metav1.OwnerReference) {
	switch {
	case family.selector != nil && !family.selector.Matches(labels.Set(child.GetLabels())):
		s.remark("%s does not match the selector of its %s %s, and would be released, as Metacontroller would do", nameOf(child), owner.Kind, owner.Name)
	case family.namespace != "" && child.GetNamespace() != family.namespace:
		s.remark("%s is outside of the namespace of its %s %s", nameOf(child), owner.Kind, owner.Name)
	}
}

// see notes when Metacontroller wrote an object.
func (s *scan) see(object *unstructured.Unstructured) {
	for _, entry := range object.GetManagedFields() {
		if entry.Manager == program && entry.Time != nil && entry.Time.After(s.found.LastWrite) {
			s.found.LastWrite = entry.Time.Time
		}
	}
}

func isApplied(entry metav1.ManagedFieldsEntry) bool {
	return entry.Manager == program && entry.Operation == metav1.ManagedFieldsOperationApply
}

func nameOf(object *unstructured.Unstructured) string {
	if object.GetNamespace() == "" {
		return object.GetKind() + " " + object.GetName()
	}
	return object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
}
