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
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/test/cluster"
)

// TestReplicas has two replicas. The leader is stopped in the middle of syncs, is replaced, and wakes up: it writes nothing any
// more. Then the new leader is killed, and the first one replaces it.
func TestReplicas(t *testing.T) {
	// With dynamic-apply children are created by creates, which the audit log has.
	replicas := newReplicas(t, "--apply-strategy=dynamic-apply")
	a := replicas.start("replica-a")
	first := eventuallyLedBy(t, a)
	b := replicas.start("replica-b")

	namespace, kind := newNamespace(t), newKind(t, "replicated")
	hook := newHook(t, threeConfigMaps)
	eventuallyServed(t)
	newController(t, kind, hook)

	// The first leader's calls are answered while it is stopped.
	const parents = 5 // as many as it syncs at a time
	answers, called := make(chan struct{}), make(chan struct{}, parents)
	hook.answer(func(in request) response {
		select {
		case called <- struct{}{}:
		default: // by a later leader
		}
		<-answers
		return threeConfigMaps(in)
	})
	for i := range parents {
		newParent(t, kind, namespace, fmt.Sprintf("p%d", i), object{"value": "1"})
	}
	for range parents {
		<-called
	}
	a.signal(syscall.SIGSTOP)
	close(answers)
	second := eventuallyLedBy(t, b)
	for i := range parents {
		eventuallyHas(t, configMaps, namespace, fmt.Sprintf("p%d-2", i), "1", "data", "value")
	}
	a.signal(syscall.SIGCONT)
	eventually(t, "the first leader knows of the second", func() error {
		if !strings.Contains(a.log.String(), fmt.Sprintf("leader=%q thisReplica=false", second)) {
			return fmt.Errorf("its log ends with\n%s", a.log.end())
		}
		return nil
	})
	eventually(t, "the first leader is ready", a.ready)

	b.signal(syscall.SIGKILL)
	<-b.exited
	if third := eventuallyLedBy(t, a); third != first {
		t.Errorf("the leader is %s, want %s", third, first)
	}
	later := newNamespace(t)
	newParent(t, kind, later, "p", object{"value": "2"})
	eventuallyHas(t, configMaps, later, "p-2", "2", "data", "value")
	a.stop()
	if who, err := holder(t); err != nil || who != "" {
		t.Errorf("after a clean end %q holds the Lease, %v", who, err)
	}

	for of, want := range map[string]map[string]int{namespace: {b.user: 3 * parents}, later: {a.user: 3}} {
		eventually(t, "the audit log tells of all writes, and of no others", func() error {
			if got := writers(t, of); !maps.Equal(want, got) {
				return fmt.Errorf("ConfigMaps were created by %v, want %v", got, want)
			}
			return nil
		})
	}
}

// eventuallyServed waits until the API can be used through the cluster.
func eventuallyServed(t *testing.T) {
	t.Helper()
	eventually(t, "the API is served through the cluster", func() error {
		_, err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().List(t.Context(), metav1.ListOptions{})
		return err
	})
}

// TestReplicasRolled replaces two replicas, one after the other, while objects are created: each is complete, hardly one is
// refused, and each parent is synced. A create is refused when kube-apiserver asks over an idle connection just when that ends.
func TestReplicasRolled(t *testing.T) {
	replicas := newReplicas(t, "--shutdown-delay-duration=4s", "--disable-http2-serving")
	old := []*replica{replicas.start("replica-a"), replicas.start("replica-b")}
	eventuallyServed(t)
	namespace, parents, kind := newNamespace(t), newNamespace(t), newKind(t, "rolled")
	newController(t, kind, newHook(t, threeConfigMaps))
	newInitializer(t, namespace, "rolled", newInitHook(t, addLabel("team", "a")))
	eventuallyLabelled(t, namespace, "team", "a")

	const creators = 8
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var group sync.WaitGroup
	defer group.Wait()
	defer end()
	var created, refused, synced atomic.Int64
	for creator := range creators {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				name := fmt.Sprintf("c-%d-%d", creator, i)
				got, err := env.kubernetes.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}) //nolint:contextcheck // what has begun is finished
				switch {
				case apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed to call webhook"):
					refused.Add(1)
				case err != nil:
					t.Errorf("after %d creates: %v", created.Load(), err)
				case got.Labels["team"] != "a":
					t.Errorf("after %d creates one is not complete: %v", created.Load(), got.Labels)
				}
				created.Add(1)
			}
		})
	}
	group.Go(func() {
		for ctx.Err() == nil {
			_, err := env.dynamic.Resource(kind.GroupVersionResource).Namespace(parents).Create(t.Context(), &unstructured.Unstructured{Object: object{ //nolint:contextcheck // what has begun is finished
				"apiVersion": kind.GroupVersion().String(), "kind": kind.Kind,
				"metadata": object{"name": fmt.Sprintf("p%d", synced.Load())}, "spec": object{"value": "1"},
			}}, metav1.CreateOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			synced.Add(1)
			time.Sleep(100 * time.Millisecond)
		}
	})
	for i, user := range []string{"replica-c", "replica-d"} {
		replicas.start(user)
		old[i].stop()
	}
	end()
	group.Wait()
	t.Logf("%d objects and %d parents were created meanwhile, %d creates were refused", created.Load(), synced.Load(), refused.Load())
	if n := refused.Load(); n > creators {
		t.Errorf("%d creates were refused, want at most one of each client", n)
	}
	for i := range synced.Load() {
		eventuallyHas(t, configMaps, parents, fmt.Sprintf("p%d-2", i), "1", "data", "value")
	}
}

// TestReplicaWithDeployedRights has a replica do all that replicas share with no other rights than those of artifacts/deploy: keep
// objects in the host cluster, lead, serve with the certificate of the Secret and publish its authority.
func TestReplicaWithDeployedRights(t *testing.T) {
	replicas := newReplicas(t)
	mustKubectl(t, "", "apply", "-f", filepath.Join(cluster.Root(), "artifacts", "deploy", "base", "roles.yaml"))
	deployed := replicas.start("system:serviceaccount:hookplane-system:hookplane", "--register-apiservice")
	eventuallyLedBy(t, deployed)
	eventuallyPublished(t, deployed)
	deployed.stop()
	if who, err := holder(t); err != nil || who != "" {
		t.Errorf("after a clean end %q holds the Lease, %v", who, err)
	}
}
