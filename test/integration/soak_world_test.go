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

package integration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

func (s *soak) parentNamespace(k *soakKind, n int) string {
	if k.cluster {
		return ""
	}
	return s.namespaces[n%len(s.namespaces)]
}

// childNamespace returns one of the namespaces in which a parent has children.
func (s *soak) childNamespace(parentNamespace string) string {
	if parentNamespace == "" {
		return s.namespaces[0]
	}
	return parentNamespace
}

// within waits for a condition with the soak's patience.
func (s *soak) within(what string, check func() error) {
	s.t.Helper()
	var err error
	for end := time.Now().Add(max(soakPatience, 2*(*soakDuration))); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	s.fail("waited in vain until "+what, err)
}

// settle lets the hooks work and waits until the world is what they want and nothing is called any more; from then on
// nothing must be called or written. It returns the resourceVersions of all that there is.
func (s *soak) settle(when string) map[string]string {
	s.t.Helper()
	s.hooks.misbehave(false)
	s.collectAnew()
	var calls int
	var before map[string]string
	s.within("the world is what the hooks want, "+when, func() error {
		calls = s.hooks.count()
		var err error
		if before, err = s.compare(s.t.Context()); err != nil {
			return err
		}
		return s.quiet(3*time.Second, calls) // for what is still on its way
	})
	if err := s.quiet(2*time.Second, calls); err != nil {
		s.fail("a hook is called while nothing changes, "+when, err)
	}
	s.unchanged(before, "while nothing changed, "+when)
	s.t.Logf("%s, with %s: %d objects are as they should be after %d calls", when, s.strategy, len(before), calls)
	return before
}

// quiet looks for a while whether there are more calls than so many.
func (s *soak) quiet(while time.Duration, calls int) error {
	time.Sleep(while)
	if more := s.hooks.count() - calls; more != 0 {
		return fmt.Errorf("%d calls within %s", more, while)
	}
	return nil
}

// unchanged sees that the world is what it was.
func (s *soak) unchanged(before map[string]string, since string) {
	s.t.Helper()
	after, err := s.compare(s.t.Context())
	if err != nil {
		s.fail("the world does not stay as it is, "+since, err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		s.t.Fatalf("something was written %s (-before +after):\n%s\nthe server's log ends with:\n%s", since, diff, logEnd())
	}
}

// restartQuietly sees that a server that starts anew writes nothing.
func (s *soak) restartQuietly(before map[string]string) {
	s.t.Helper()
	calls := s.hooks.count()
	restart(s.t)
	s.within("all is quiet after a restart", func() error {
		now := s.hooks.count()
		if now == calls {
			return errors.New("no hook was called yet")
		}
		return s.quiet(3*time.Second, now)
	})
	s.unchanged(before, "by a server that started anew")
}

// world is what there is, by kind, namespace and name.
type world map[string]*unstructured.Unstructured

func worldKey(o *unstructured.Unstructured) string {
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// children reads the children of all parents, and the objects that they share.
func (s *soak) children(ctx context.Context) (children, shared world, err error) {
	children, shared = world{}, world{}
	for _, namespace := range s.namespaces {
		for _, resource := range []schema.GroupVersionResource{configMaps, secrets, s.worker.GroupVersionResource} {
			list, err := env.dynamic.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, nil, err
			}
			for i := range list.Items {
				switch o := &list.Items[i]; o.GetName() {
				case "kube-root-ca.crt": // every namespace has it
				case soakShared:
					shared[namespace] = o
				default:
					children[worldKey(o)] = o
				}
			}
		}
	}
	return children, shared, nil
}

// revisions are those of all parents of the soak, by the parent's UID.
type revisions map[string][]v1alpha1.ControllerRevision

// listRevisions reads the revisions of all parents.
func (s *soak) listRevisions(ctx context.Context) (revisions, error) {
	found := revisions{}
	for _, namespace := range append([]string{"hookplane-system"}, s.namespaces...) {
		list, err := env.controllers.MetacontrollerV1alpha1().ControllerRevisions(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			revision := &list.Items[i]
			if owner := metav1.GetControllerOf(revision); owner != nil && s.has(owner.Kind) {
				found[string(owner.UID)] = append(found[string(owner.UID)], *revision)
			}
		}
	}
	return found, nil
}

// has reports whether a kind is one of the soak's.
func (s *soak) has(kind string) bool {
	for i := range s.kinds {
		if s.kinds[i].Kind == kind {
			return true
		}
	}
	return false
}

// compare compares the world with what the hooks want, and returns the resourceVersions of all that it looked at.
func (s *soak) compare(ctx context.Context) (map[string]string, error) {
	c := comparison{soak: s, versions: map[string]string{}}
	var err error
	if c.children, c.shared, err = s.children(ctx); err != nil {
		return nil, err
	}
	if c.revisions, err = s.listRevisions(ctx); err != nil {
		return nil, err
	}
	for key, child := range c.children {
		c.versions[key] = child.GetResourceVersion()
	}
	for _, list := range c.revisions {
		for i := range list {
			c.versions["ControllerRevision "+list[i].Namespace+"/"+list[i].Name] = list[i].ResourceVersion
		}
	}
	for i := range s.kinds {
		for n := range s.parents {
			c.note(c.parent(ctx, &s.kinds[i], n))
		}
	}
	c.note(s.compareCounts(ctx))
	c.note(s.compareInitializer(ctx))
	if len(c.errs) == 0 {
		c.note(c.leftovers())
	}
	if len(c.errs) > 0 {
		return nil, fmt.Errorf("%d discrepancies, the first of which is %w", len(c.errs), c.errs[0])
	}
	return c.versions, nil
}

// parent reads one parent and compares it. One that is not there is created, so that in the end there are all.
func (c *comparison) parent(ctx context.Context, k *soakKind, n int) error {
	parent, err := get(ctx, k.GroupVersionResource, c.parentNamespace(k, n), k.parentName(n))
	if apierrors.IsNotFound(err) {
		return errors.Join(discrepancy(k.parentName(n), "it was gone"), c.createParent(ctx, k, n))
	}
	if err != nil {
		return err
	}
	c.versions[worldKey(parent)] = parent.GetResourceVersion()
	return c.compareParent(ctx, k, parent)
}
