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

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// ignoreStatus counts the calls for parents whose status changes are ignored: one less than otherwise as they come.
func ignoreStatus(ctx context.Context, b *bench) error {
	p, err := b.newPopulation(ctx, answerConfigMaps(childBytes))
	if err != nil {
		return err
	}
	p.parents = min(p.parents, 150)
	err = p.begin(ctx, func(spec *v1alpha1.CompositeControllerSpec) {
		ignore := true
		spec.ParentResource.IgnoreStatusChanges = &ignore
	})
	if err != nil {
		return err
	}
	all := func(do func(ctx context.Context, i int) error) func(context.Context) error {
		return func(ctx context.Context) error { return forEach(ctx, p.parents, do) }
	}
	row, err := p.phase(ctx, "create", 2*p.parents, all(p.create))
	if err != nil {
		return err
	}
	b.count("writes of create", row.Writes, p.parents*writesPerFamily)
	if _, err := p.phase(ctx, "rollout", callsPerChange*p.parents, all(func(ctx context.Context, i int) error { return p.patch(ctx, i, value("2")) })); err != nil {
		return err
	}
	if _, err := p.phase(ctx, "touch", p.parents, all(func(ctx context.Context, i int) error { return p.patch(ctx, i, annotation("1")) })); err != nil {
		return err
	}
	return p.remove(ctx)
}
