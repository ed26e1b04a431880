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

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
)

// admissionWarmup is how many rounds are not measured.
const admissionWarmup = 10

// way is one way of new objects through admission: each way is that of a kind of its own.
type way struct {
	kind      kind
	objects   dynamic.ResourceInterface
	hooks     int
	latencies latencies
}

// admission measures what initializers add to the time that a create takes, beside webhooks of kube-apiserver that do the same.
// The ways take turns, so that what else goes on is the same for all.
func admission(ctx context.Context, b *bench) error {
	namespace := b.newName("admission")
	if _, err := b.kubernetes.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	w, err := b.newWays(ctx, namespace)
	if err != nil {
		return err
	}
	_, err = b.phase(ctx, "create", subject{}, func(ctx context.Context) (time.Time, error) {
		err := b.walk(ctx, w)
		return time.Now(), err
	})
	if err != nil {
		return err
	}
	b.compareWays(w)
	return b.removeWays(ctx, w, namespace)
}

// walk creates objects on all ways in turn.
func (b *bench) walk(ctx context.Context, w *ways) error {
	for round := range admissionWarmup + b.size.creates {
		for _, way := range w.all() {
			start := time.Now()
			if err := way.create(ctx, fmt.Sprintf("o%d", round)); err != nil {
				return err
			}
			if round >= admissionWarmup {
				way.latencies = append(way.latencies, time.Since(start))
			}
		}
	}
	for _, way := range w.all() {
		slices.Sort(way.latencies)
	}
	return nil
}

// create creates an object, which all hooks must have labelled.
func (w *way) create(ctx context.Context, name string) error {
	object := parentObject(w.kind, name, text(childBytes))
	object.SetLabels(map[string]string{"team": "shop"})
	created, err := w.objects.Create(ctx, object, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if got := len(created.GetLabels()) - 1; got != w.hooks {
		return fmt.Errorf("%s %s has labels of %d hooks, want %d", w.kind.Kind, name, got, w.hooks)
	}
	return nil
}

// compareWays makes figures of the latencies.
func (b *bench) compareWays(w *ways) {
	without := w.plain.latencies.at(0.5)
	b.figure(Figure{Name: "create without initializers, p50", Value: float64(without) / float64(time.Millisecond), Unit: " ms"})
	for i, n := range hookCounts {
		webhooks := float64(w.webhooks[i].latencies.at(0.5) - without)
		name := fmt.Sprintf("%d initializers", n)
		if n == 1 {
			name = "1 initializer"
		}
		ours, unencrypted := w.initializers[i].latencies.at(0.5), w.unencrypted[i].latencies.at(0.5)
		b.figure(Figure{Name: "create with " + name + ", p50", Value: float64(ours) / float64(without), Unit: "× without"})
		b.figure(Figure{Name: name + ", added latency", Value: float64(ours-without) / webhooks, Unit: "× webhooks", Goal: admissionGoals[i], Ratio: true})
		b.figure(Figure{Name: name + " without TLS, added latency", Value: float64(unencrypted-without) / webhooks, Unit: "× webhooks", Ratio: true})
	}
}
