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
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/test/cluster"
)

// callsPerChange is how often a hook is called because a parent's change changes its children: for the change, and when the
// children are there.
const callsPerChange = 2

// composite takes parents with three ConfigMaps each through their life. Their status depends on the children.
func composite(ctx context.Context, b *bench) error {
	empty, err := b.phase(ctx, "idle-empty", subject{}, func(ctx context.Context) (time.Time, error) {
		err := pause(ctx, b.size.idle)
		return time.Now(), err
	})
	if err != nil {
		return err
	}
	b.figure(Figure{Name: "resident memory of an idle process", Value: megabytes(empty.ResidentBytes), Unit: " MB", Goal: 60, Ratio: true})
	bare, err := b.yardstick(ctx, b.size.parents)
	if err != nil {
		return err
	}
	p, err := b.newPopulation(ctx, answerConfigMaps(childBytes))
	if err != nil {
		return err
	}
	if err := p.pickup(ctx); err != nil {
		return err
	}
	if err := p.createAll(ctx, bare); err != nil {
		return err
	}
	if err := p.changeAll(ctx, bare); err != nil {
		return err
	}
	if err := p.rest(ctx, empty); err != nil {
		return err
	}
	if err := p.editSome(ctx); err != nil {
		return err
	}
	if err := p.restart(ctx); err != nil {
		return err
	}
	if err := p.deleteAll(ctx); err != nil {
		return err
	}
	return p.remove(ctx)
}

// pickup measures from the moment that a new kind is served until the first parent has its children.
func (p *population) pickup(ctx context.Context) error {
	var served time.Time
	_, err := p.b.phase(ctx, "pickup", p.subject(), func(ctx context.Context) (time.Time, error) {
		if err := p.control(ctx); err != nil {
			return served, err
		}
		if err := p.b.define(ctx, p.kind); err != nil {
			return served, err
		}
		if err := eventually(ctx, func() error { return p.create(ctx, 0) }); err != nil {
			return served, err
		}
		served = time.Now()
		if _, err := p.hook.await(ctx, 1); err != nil {
			return served, err
		}
		var there time.Time
		err := eventually(ctx, func() error {
			_, err := p.b.kubernetes.CoreV1().ConfigMaps(p.namespace).Get(ctx, childName(parentName(0), children-1), metav1.GetOptions{})
			there = time.Now()
			return err
		})
		if err != nil {
			return there, err
		}
		p.b.figure(Figure{Name: "pickup of a new kind", Value: there.Sub(served).Seconds(), Unit: " s", Goal: 1})
		_, err = p.b.settle(ctx, p.hook, 0, 3)
		return there, err
	})
	return err
}

// createAll creates the other parents.
func (p *population) createAll(ctx context.Context, bare bareResult) error {
	n := p.parents - 1
	row, err := p.phase(ctx, "create", 3*n, func(ctx context.Context) error {
		return forEach(ctx, n, func(ctx context.Context, i int) error { return p.create(ctx, i+1) })
	})
	if err != nil {
		return err
	}
	p.b.count("writes of create", row.Writes, n*writesPerFamily)
	p.b.count("reads per sync of create", row.Reads/row.HookCalls, 0) // a few are of kube-controller-manager
	perWrite, barePerWrite := row.Seconds/float64(row.Writes), bare.Seconds/float64(bare.Writes)
	p.b.figure(Figure{Name: "create, time per write", Value: perWrite / barePerWrite, Unit: "× plain", Goal: 1.3, Ratio: true})
	perWrite, barePerWrite = row.CPUSeconds/float64(row.Writes-n), bare.CPUSeconds/float64(bare.Writes)
	p.b.figure(Figure{Name: "create, CPU per write", Value: perWrite / barePerWrite, Unit: "× plain", Goal: 1.3, Ratio: true})
	return nil
}

// changeAll changes the children of all parents, then something that no child depends on.
func (p *population) changeAll(ctx context.Context, bare bareResult) error {
	row, err := p.phase(ctx, "rollout", callsPerChange*p.parents, func(ctx context.Context) error {
		return forEach(ctx, p.parents, func(ctx context.Context, i int) error { return p.patch(ctx, i, value("2")) })
	})
	if err != nil {
		return err
	}
	p.b.count("writes of rollout", row.Writes, p.parents*(1+children+1)) // the last is observedGeneration
	p.b.count("reads per sync of rollout", row.Reads/row.HookCalls, 0)   // a few are of kube-controller-manager
	row, err = p.phase(ctx, "touch", p.parents, func(ctx context.Context) error {
		return forEach(ctx, p.parents, func(ctx context.Context, i int) error { return p.patch(ctx, i, annotation("1")) })
	})
	if err != nil {
		return err
	}
	p.b.count("writes of touch", row.Writes, p.parents)
	p.b.count("reads per sync of touch", row.Reads/row.HookCalls, 0) // a few are of kube-controller-manager
	perCall := row.CPUSeconds / float64(row.HookCalls)
	p.b.figure(Figure{Name: "touch, CPU per call", Value: 1000 * perCall, Unit: " ms", Goal: 0.4})
	p.b.figure(Figure{Name: "touch, CPU per call to CPU per write", Value: perCall / (bare.CPUSeconds / float64(bare.Writes)), Unit: "× plain", Ratio: true})
	return nil
}

// rest does nothing.
func (p *population) rest(ctx context.Context, empty Row) error {
	row, err := p.phase(ctx, "idle", 0, func(ctx context.Context) error { return pause(ctx, p.b.size.idle) })
	if err != nil {
		return err
	}
	objects := p.parents * (1 + children)
	p.b.figure(Figure{
		Name: "resident memory per cached object", Value: float64(row.ResidentBytes-empty.ResidentBytes) / 1000 / float64(objects), Unit: " kB", Goal: 4,
	})
	return nil
}

// editSome edits single parents while nothing else happens.
func (p *population) editSome(ctx context.Context) error {
	var ours, plain latencies
	_, err := p.phase(ctx, "latency", callsPerChange*p.b.size.edits, func(ctx context.Context) (err error) {
		ours, plain, err = p.edits(ctx, p.b.size.edits)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range []struct{ share, goal float64 }{{0.5, 1}, {0.99, 1.5}} {
		name := fmt.Sprintf("latency of an edit, p%d", int(100*f.share))
		p.b.figure(Figure{Name: name, Value: float64(ours.at(f.share)) / float64(plain.at(f.share)), Unit: "× plain", Goal: f.goal, Ratio: f.share == 0.5})
	}
	return nil
}

// restart stops the server, and starts it again: it sees that all is well.
func (p *population) restart(ctx context.Context) error {
	if err := p.b.hookplane.Stop(); err != nil {
		return err
	}
	p.b.hookplane = nil
	row, err := p.phase(ctx, "restart", p.parents, func(ctx context.Context) (err error) {
		p.b.hookplane, err = cluster.StartHookplane(ctx, p.b.server)
		return err
	})
	if err != nil {
		return err
	}
	p.b.count("writes of restart", row.Writes, 0)
	p.b.figure(Figure{Name: "restart until all is synced", Value: row.Seconds, Unit: " s", Goal: 4})
	return nil
}

// deleteAll deletes the parents; their children are left to kube-controller-manager.
func (p *population) deleteAll(ctx context.Context) error {
	_, err := p.b.phase(ctx, "delete", p.subject(), func(ctx context.Context) (time.Time, error) {
		parents := p.b.dynamic.Resource(p.kind.GroupVersionResource).Namespace(p.namespace)
		background := metav1.DeletePropagationBackground
		err := forEach(ctx, p.parents, func(ctx context.Context, i int) error {
			return parents.Delete(ctx, parentName(i), metav1.DeleteOptions{PropagationPolicy: &background})
		})
		if err != nil {
			return time.Now(), err
		}
		err = eventually(ctx, func() error {
			left, err := p.b.kubernetes.CoreV1().ConfigMaps(p.namespace).List(ctx, metav1.ListOptions{Limit: 2})
			if err == nil && len(left.Items) > 1 {
				err = fmt.Errorf("%s has children that nobody owns", p.namespace)
			}
			return err
		})
		return time.Now(), err
	})
	return err
}
