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
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

var (
	soakDuration = flag.Duration("soak", 16*time.Second, "how long TestSoak edits")
	soakSeed     = flag.Uint64("soak.seed", 0, "seed of the random decisions of TestSoak; 0 for another one each time")
)

const (
	// soakPatience is how long a short soak waits for the world to become what the hooks want. A long one waits for longer.
	soakPatience = 5 * time.Minute
	// soakPause is the time between two edits.
	soakPause = 25 * time.Millisecond
	// soakEdits is how many edits there are at least in each half.
	soakEdits = 100
	// soakLong is the duration from which on the soak has all of its parents.
	soakLong = 5 * time.Minute
)

// soak is a cluster in which everything happens at once.
type soak struct {
	t          *testing.T
	seed       uint64
	namespaces []string
	parents    int // of each kind
	worker     kind
	kinds      []soakKind
	decorators []soakDecorator
	hooks      *soakHooks
	strategy   string
}

// TestSoak edits parents, children and related objects at random, with hooks that fail at random, while servers are killed:
// first both of them, then, so that one process can be measured, kube-apiserver alone. After each half the world must
// become what the hooks want, and be left in peace then; also by a server that starts anew.
func TestSoak(t *testing.T) {
	seed := *soakSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; SEED=%[1]d make soak uses it again", seed)
	s := newSoak(t, seed)
	defer s.useStrategy(serverSideApply)
	s.storm(1, *soakDuration/2, s.killAPIServer, s.killServer, s.restartOtherwise)
	s.settle("after the servers were killed")
	before := s.measure()
	s.storm(2, *soakDuration/2, s.killAPIServer)
	world := s.settle("after kube-apiserver was killed")
	s.leakedNothing(before)
	s.restartQuietly(world)
	s.end()
}

func newSoak(t *testing.T, seed uint64) *soak {
	t.Helper()
	s := &soak{
		t: t, seed: seed, parents: 5, worker: newKind(t, "soakworker"),
		kinds: soakKinds(), decorators: soakDecorators(), hooks: newSoakHooks(seed), strategy: serverSideApply,
	}
	if *soakDuration >= soakLong {
		s.parents = 23 // 207 of all kinds
	}
	s.keepRegistration()
	if seed%2 == 1 {
		s.useStrategy(dynamicApply)
	}
	for range 2 {
		namespace := newNamespace(t)
		createConfigMap(t, namespace, soakShared, nil)
		s.namespaces = append(s.namespaces, namespace)
	}
	server := newHook(t, nil)
	server.handle(s.hooks.serve)
	s.startControllers(server, strings.TrimSuffix(server.URL(), "/sync"))
	for i := range s.kinds {
		for n := range s.parents {
			s.within("all parents are created", func() error {
				err := s.createParent(t.Context(), &s.kinds[i], n)
				if apierrors.IsAlreadyExists(err) { // kube-apiserver was too slow to tell
					return nil
				}
				return err
			})
		}
	}
	s.runWorkers()
	return s
}

// startControllers makes all kinds and their controllers.
func (s *soak) startControllers(server *hookServer, base string) {
	s.t.Helper()
	for i := range s.kinds {
		k := &s.kinds[i]
		if k.cluster {
			k.kind = clusterScoped(s.t, k.name)
		} else {
			k.kind = newKind(s.t, k.name)
		}
		k.child = soakConfigMap
		if k.works {
			k.child = s.worker
		}
		if k.plain {
			continue
		}
		s.hooks.answers[k.name] = func(hook string, in *soakRequest) any { return k.answer(hook, in, s.namespaces) }
		newController(s.t, k.kind, server, func(c *v1alpha1.CompositeController) { k.configure(&c.Spec, base) })
	}
	s.startInitializer(base)
	for i := range s.decorators {
		d := &s.decorators[i]
		for k := range s.kindsOf(d) {
			d.resources = append(d.resources, k.GroupVersionResource)
		}
		s.hooks.answers[d.name] = d.answer
		createDecorator(s.t, d.name, server, func(c *v1alpha1.DecoratorController) { d.configure(&c.Spec, base) })
		eventuallyDecoratorReady(s.t, d.name, metav1.ConditionTrue, "Running")
	}
}
