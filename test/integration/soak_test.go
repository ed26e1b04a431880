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
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

var (
	soakDuration = flag.Duration("soak", 45*time.Second, "how long TestSoak edits")
	soakSeed     = flag.Uint64("soak.seed", 0, "seed of the random decisions of TestSoak; 0 for another one each time")
)

const (
	// soakPatience is how long the soak waits for the world to become what the hooks want.
	soakPatience = 5 * time.Minute
	// soakPause is the time between two edits.
	soakPause = 25 * time.Millisecond
	// soakLong is the duration from which on the soak has all of its parents.
	soakLong = 5 * time.Minute
)

// soak is a cluster in which everything happens at once.
type soak struct {
	t          *testing.T
	seed       uint64
	namespaces []string
	kinds      []soakKind
	parents    int // of each kind
	hooks      *soakHooks
}

// TestSoak edits parents, children and related objects at random, with hooks that fail at random, while servers are killed:
// first both of them, then, so that one process can be measured, kube-apiserver alone. After each half the world must
// become what the hooks want, and be left in peace then.
func TestSoak(t *testing.T) {
	seed := *soakSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; SEED=%[1]d make soak uses it again", seed)
	s := newSoak(t, seed)
	s.storm(1, *soakDuration/2, s.killAPIServer, s.killServer, s.restartServer)
	s.settle("after the servers were killed")
	before := s.measure()
	s.storm(2, *soakDuration/2, s.killAPIServer)
	s.settle("after kube-apiserver was killed")
	s.leakedNothing(before)
	s.end()
}

func newSoak(t *testing.T, seed uint64) *soak {
	t.Helper()
	s := &soak{t: t, seed: seed, kinds: soakKinds(), parents: 9, hooks: newSoakHooks(seed)}
	if *soakDuration >= soakLong {
		s.parents = 34 // 204 of all kinds
	}
	for range 2 {
		namespace := newNamespace(t)
		createConfigMap(t, namespace, soakShared, nil)
		s.namespaces = append(s.namespaces, namespace)
	}
	s.hooks.namespaces = s.namespaces
	server := newHook(t, nil)
	server.handle(s.hooks.serve)
	base := strings.TrimSuffix(server.URL(), "/sync")
	for i := range s.kinds {
		k := &s.kinds[i]
		if k.cluster {
			k.kind = clusterScoped(t, k.name)
		} else {
			k.kind = newKind(t, k.name)
		}
		s.hooks.kinds[k.Resource] = k
		newController(t, k.kind, server, func(c *v1alpha1.CompositeController) { k.configure(&c.Spec, base) })
		for n := range s.parents {
			if err := s.createParent(t.Context(), k, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// storm edits for a while, as the seed and the number of the half have it, and meanwhile kills servers one after the other.
func (s *soak) storm(half uint64, duration time.Duration, disruptions ...func()) {
	s.t.Helper()
	s.hooks.misbehave(true)
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithTimeout(s.t.Context(), duration)
	defer cancel()
	wg.Go(func() { s.edit(ctx, rand.New(rand.NewPCG(s.seed, half))) })
	rounds := max(1, int(duration/(30*time.Second))/len(disruptions))
	pause := duration / time.Duration(rounds*len(disruptions)+1)
	for range rounds {
		for _, disrupt := range disruptions {
			select {
			case <-ctx.Done(): // starting took longer than planned; every disruption comes once
			case <-time.After(pause):
			}
			disrupt()
		}
		if ctx.Err() != nil {
			return
		}
	}
	<-ctx.Done()
}

func (s *soak) killAPIServer() {
	if err := env.controlPlane.KillAPIServer(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *soak) killServer() {
	if err := env.server.Kill(); err != nil {
		s.t.Fatal(err)
	}
	startAgain(s.t)
}

func (s *soak) restartServer() { restart(s.t) }

// edit changes something at random until the context ends. What fails because a server is down or an object is not there has
// not been edited.
func (s *soak) edit(ctx context.Context, dice *rand.Rand) {
	done, failed := 0, 0
	for ; ctx.Err() == nil; time.Sleep(soakPause) {
		err := s.editOne(ctx, dice, &s.kinds[dice.IntN(len(s.kinds))], dice.IntN(s.parents))
		switch {
		case err == nil:
			done++
		case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
			s.t.Errorf("an edit is refused: %v", err)
			return
		default:
			failed++
		}
	}
	s.t.Logf("%d edits, %d more did not succeed", done, failed)
}

// editOne makes one edit, at or around one parent.
func (s *soak) editOne(ctx context.Context, dice *rand.Rand, k *soakKind, n int) error {
	namespace, name := s.parentNamespace(k, n), k.parentName(n)
	value := strconv.FormatUint(dice.Uint64(), 36)
	child := fmt.Sprintf("%s-%d", name, dice.IntN(soakChildren))
	patch := func(resource schema.GroupVersionResource, namespace, name string, patch object) error {
		body, err := json.Marshal(patch)
		if err != nil {
			return err
		}
		_, err = env.dynamic.Resource(resource).Namespace(namespace).Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
		return err
	}
	switch roll := dice.IntN(100); {
	case roll < 45:
		spec := object{"value": value, "count": strconv.Itoa(dice.IntN(soakChildren + 1)), "extra": nil}
		if dice.IntN(2) == 0 {
			spec["extra"] = value
		}
		return patch(k.GroupVersionResource, namespace, name, object{"spec": spec})
	case roll < 55:
		return patch(k.GroupVersionResource, namespace, name, object{"metadata": object{"annotations": object{"touched": value}}})
	case roll < 66:
		return patch(configMaps, s.childNamespace(namespace), child, object{"data": object{"value": "foreign-" + value}})
	case roll < 76:
		return env.dynamic.Resource(configMaps).Namespace(s.childNamespace(namespace)).Delete(ctx, child, metav1.DeleteOptions{})
	case roll < 86:
		propagation := metav1.DeletePropagationBackground
		if dice.IntN(3) == 0 {
			propagation = metav1.DeletePropagationForeground
		}
		return env.dynamic.Resource(k.GroupVersionResource).Namespace(namespace).Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &propagation})
	case roll < 98:
		return s.createParent(ctx, k, n)
	default:
		return patch(configMaps, s.namespaces[dice.IntN(len(s.namespaces))], soakShared, object{"data": object{"value": value}})
	}
}

// fail ends the test with all that helps to find out why.
func (s *soak) fail(what string, err error) {
	s.t.Helper()
	var history string
	if about, ok := errors.AsType[*discrepancyError](err); ok {
		history, _ = kubectl(s.t, "", "get", "events", "--all-namespaces", "--field-selector", "involvedObject.name="+about.parent) // it says why it fails
		var lines []string
		for line := range strings.Lines(env.server.Log()) {
			if strings.Contains(line, about.parent+`"`) {
				lines = append(lines, line)
			}
		}
		history += strings.Join(lines[max(0, len(lines)-30):], "")
	}
	s.t.Fatalf("%s: %v\nseed %d\nevents and log of the parent:\n%s\nthe server's log ends with:\n%s", what, err, s.seed, history, logEnd())
}
