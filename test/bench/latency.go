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
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// latencies are how long single edits took, sorted.
type latencies []time.Duration

// at returns the value that a share of the edits did not exceed.
func (l latencies) at(share float64) time.Duration {
	return l[min(len(l)-1, int(share*float64(len(l))))]
}

// edits changes one parent at a time, and measures from the request until all of its children were seen changed by watch.
// Between the edits the plain client does the same writes to a family of its own, one after the other, under the same conditions.
func (p *population) edits(ctx context.Context, n int) (ours, plain latencies, err error) {
	w, err := p.b.plainWriter(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := w.createFamily(ctx, 0); err != nil {
		return nil, nil, err
	}
	seen, stop, err := p.watchChildren(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer stop()
	calls, _ := p.hook.count()
	for i := range n {
		text := "edit" + strconv.Itoa(i)
		start := time.Now()
		if err := p.patch(ctx, i%p.parents, value(text)); err != nil {
			return nil, nil, err
		}
		if err := seen(ctx, parentName(i%p.parents), text); err != nil {
			return nil, nil, err
		}
		ours = append(ours, time.Since(start))
		calls += callsPerChange
		if _, err := p.hook.await(ctx, calls); err != nil {
			return nil, nil, err
		}
		start = time.Now()
		if err := w.changeFamily(ctx, 0, text); err != nil {
			return nil, nil, err
		}
		plain = append(plain, time.Since(start))
	}
	slices.Sort(ours)
	slices.Sort(plain)
	return ours, plain, p.b.clear(ctx, w.kind, w.namespace)
}

// watchChildren watches the children of the population. seen waits until all children of a parent have a value.
func (p *population) watchChildren(ctx context.Context) (seen func(ctx context.Context, parent, value string) error, stop func(), err error) {
	list, err := p.b.kubernetes.CoreV1().ConfigMaps(p.namespace).List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return nil, nil, err
	}
	watch, err := p.b.dynamic.Resource(configMaps).Namespace(p.namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		return nil, nil, err
	}
	seen = func(ctx context.Context, parent, value string) error {
		missing := children
		for missing > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case event, open := <-watch.ResultChan():
				if !open {
					return fmt.Errorf("the watch ended while children of %s were awaited", parent)
				}
				child, _ := event.Object.(*unstructured.Unstructured)
				if child == nil {
					return fmt.Errorf("the watch failed: %v", event.Object)
				}
				got, _, _ := unstructured.NestedString(child.Object, "data", "value")
				if owner := metav1.GetControllerOf(child); got == value && owner != nil && owner.Name == parent {
					missing--
				}
			}
		}
		return nil
	}
	return seen, watch.Stop, nil
}
