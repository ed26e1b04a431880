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
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// soakReady is the condition of workers that a rollout waits for.
const soakReady = "Ready"

// runWorkers plays whoever runs workers, until the test ends: each becomes ready, sooner or later.
func (s *soak) runWorkers() {
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(s.t.Context())
	wg.Go(func() {
		dice := rand.New(rand.NewPCG(s.seed, 3))
		for ; ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
			for _, namespace := range s.namespaces {
				reportWorkers(ctx, dice, s.worker, namespace)
			}
		}
	})
	s.t.Cleanup(func() { cancel(); wg.Wait() })
}

// reportWorkers makes some of the workers ready that are not. What fails because a server is down is tried again.
func reportWorkers(ctx context.Context, dice *rand.Rand, worker kind, namespace string) {
	workers := env.dynamic.Resource(worker.GroupVersionResource).Namespace(namespace)
	list, err := workers.List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	for i := range list.Items {
		if o := &list.Items[i]; !readyWorker(o) && dice.IntN(3) == 0 {
			body, err := json.Marshal(workerStatus(o.GetGeneration(), "True"))
			if err == nil {
				_, _ = workers.Patch(ctx, o.GetName(), types.MergePatchType, body, metav1.PatchOptions{}, "status")
			}
		}
	}
}

// workerStatus is the patch that reports a status.
func workerStatus(generation int64, ready string) object {
	return object{"status": object{"observedGeneration": generation, "conditions": []any{object{"type": soakReady, "status": ready}}}}
}

func readyWorker(o *unstructured.Unstructured) bool {
	observed, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	return observed == o.GetGeneration() && slices.ContainsFunc(nested[[]any](o.Object, "status", "conditions"), func(condition any) bool {
		c, _ := condition.(object)
		return c["type"] == soakReady && c["status"] == "True"
	})
}
