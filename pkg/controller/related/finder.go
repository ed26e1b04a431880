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

package related

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"slices"
	"sync"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// ErrNotReady says that related objects are still being read for the first time. Config.Ready tells when to ask again.
var ErrNotReady = errors.New("related objects are not known yet")

// Scope tells what hooks can be shown.
type Scope struct {
	// Version is the customize hook's: it decides which rules are valid.
	Version hook.Version
	// Shown is the version of the hooks that are shown related objects; V2 when one of them has it.
	Shown hook.Version
}

// Config is what a Finder needs. K names a parent. All fields but Delivered are required.
type Config[K comparable] struct {
	Objects *objects.Cache
	// Hook is the customize hook, Mode how its answers are decoded.
	Hook  hook.Hook
	Mode  hook.Mode
	Scope Scope
	// Controller is the controller's JSON, as hooks are shown it.
	Controller []byte
	// Delivered are the resources whose changes the owner hands to Concerned, because it watches them anyway: an object may
	// be child and related at the same time, and its change is one change.
	Delivered []objects.Resource
	// Changed is told of each change of all other resources that matters to parents. It must not block or call the Finder.
	Changed func(objects.Event, map[K]struct{})
	// Ready is told that Find is worth another try for a parent. It must not block or call the Finder.
	Ready func(K)
}

// Finder finds the related objects of the parents of one controller. It is safe for concurrent use; Find is called for one
// parent by one goroutine at a time.
type Finder[K comparable] struct {
	Config[K]
	seed    maphash.Seed
	recheck chan struct{}
	running sync.WaitGroup // watches; added to under mu while not stopped

	mu         sync.Mutex
	stopped    bool
	parents    map[K]*parent
	watches    map[objects.Resource]*watch[K]
	missing    map[typeName]map[K]struct{} // types that the cluster does not serve, by who asks for them
	namespaces objects.Resource            // of Namespaces; zero until a rule has a namespaceSelector
}

// parent is what is known of one parent.
type parent struct {
	answer  *answer // nil when the hook must be asked
	rules   map[ruleID]*rule
	missing []typeName
}

// NewFinder returns a Finder. It works while Run runs.
func NewFinder[K comparable](config Config[K]) *Finder[K] {
	return &Finder[K]{
		Config: config, seed: maphash.MakeSeed(), recheck: make(chan struct{}, 1),
		parents: map[K]*parent{}, watches: map[objects.Resource]*watch[K]{}, missing: map[typeName]map[K]struct{}{},
	}
}

// Run notices types that come and go until ctx ends, and returns when all that the Finder started has ended.
func (f *Finder[K]) Run(ctx context.Context) {
	defer f.stop()
	defer f.Objects.OnTypesChanged(func() {
		select {
		case f.recheck <- struct{}{}:
		default: // is about to be noticed
		}
	})()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.recheck:
			f.recheckTypes(ctx)
		}
	}
}

func (f *Finder[K]) stop() {
	f.mu.Lock()
	f.stopped = true
	for _, w := range f.watches {
		w.stop()
	}
	f.mu.Unlock()
	f.running.Wait()
}

// Find returns the related objects of a parent in this state. From then on the changes that concern the parent are told. It
// calls the hook when the parent has changed since, or the last answer was of no use. The error is ErrNotReady, a
// *InvalidAnswerError, one of the hook's own (pkg/hook), or says which objects cannot be had.
func (f *Finder[K]) Find(ctx context.Context, key K, o *objects.Object) (*Objects, error) {
	answer, err := f.ask(ctx, key, o)
	if err != nil {
		return nil, err
	}
	rules, err := compile(ctx, f.Objects.Lookup, f.Scope, o, answer.rules)
	if _, invalid := errors.AsType[*InvalidAnswerError](err); invalid {
		f.dropAnswer(key)
	}
	missing, incomplete := errors.AsType[*missingTypesError](err)
	if err != nil && !incomplete {
		return nil, err
	}
	if incomplete {
		f.register(ctx, key, rules, missing.types)
		return nil, err
	}
	f.register(ctx, key, rules, nil)
	stores, err := f.stores(key, rules)
	if err != nil {
		return nil, err
	}
	found := read(stores, rules)
	found.show(o)
	if _, err = f.stores(key, rules); err != nil { // closed while it was read
		return nil, err
	}
	return found, nil
}

// Forget drops all that is known of a parent that is gone.
func (f *Finder[K]) Forget(key K) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.parents[key]
	if p == nil {
		return
	}
	delete(f.parents, key)
	f.leaveAll(key, p, nil)
	f.forgetMissing(key, p)
}

// register makes the rules those of the parent, in place of those it had.
func (f *Finder[K]) register(ctx context.Context, key K, rules []*rule, missing []typeName) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.known(key)
	now := make(map[ruleID]*rule, len(rules))
	for _, r := range rules {
		if r.id.hidden {
			continue
		}
		now[r.id] = r
		if p.rules[r.id] != nil {
			continue
		}
		w := f.use(ctx, r.id.resource)
		w.interests.join(r, key)
		if r.namespaceSelector != nil {
			f.namespaces = r.namespaces
			f.use(ctx, r.namespaces)
		}
	}
	f.leaveAll(key, p, now)
	p.rules = now
	f.forgetMissing(key, p)
	p.missing = missing
	for _, name := range missing {
		if f.missing[name] == nil {
			f.missing[name] = map[K]struct{}{}
		}
		f.missing[name][key] = struct{}{}
	}
}

// known returns what is known of a parent, and makes it known. The caller holds mu.
func (f *Finder[K]) known(key K) *parent {
	p := f.parents[key]
	if p == nil {
		p = &parent{}
		f.parents[key] = p
	}
	return p
}

// leaveAll withdraws the parent's rules but those in kept. The caller holds mu.
func (f *Finder[K]) leaveAll(key K, p *parent, kept map[ruleID]*rule) {
	for id, r := range p.rules {
		if kept[id] != nil {
			continue
		}
		f.watches[id.resource].interests.leave(id, key)
		f.unuse(id.resource, key)
		if r.namespaceSelector != nil {
			f.unuse(r.namespaces, key)
		}
	}
}

// forgetMissing ends the wait for types. The caller holds mu.
func (f *Finder[K]) forgetMissing(key K, p *parent) {
	for _, name := range p.missing {
		if delete(f.missing[name], key); len(f.missing[name]) == 0 {
			delete(f.missing, name)
		}
	}
	p.missing = nil
}

// recheckTypes compares what the rules name with what the cluster serves now.
func (f *Finder[K]) recheckTypes(ctx context.Context) {
	f.mu.Lock()
	missing := slices.Collect(maps.Keys(f.missing))
	watched := slices.Collect(maps.Keys(f.watches))
	f.mu.Unlock()

	parents := map[K]struct{}{}
	for _, name := range missing {
		if _, err := f.Objects.Lookup(ctx, name.apiVersion, name.resource); err == nil {
			f.collect(parents, func() map[K]struct{} { return f.missing[name] })
		}
	}
	for _, resource := range watched {
		now, err := f.Objects.Lookup(ctx, resource.APIVersion(), resource.Resource)
		_, gone := errors.AsType[*objects.ResourceNotFoundError](err)
		if gone || err == nil && now != resource {
			f.collect(parents, func() map[K]struct{} { return f.watches[resource].parents() })
		}
	}
	for key := range parents {
		f.Ready(key)
	}
}

// collect adds what some returns to parents, under mu.
func (f *Finder[K]) collect(parents map[K]struct{}, some func() map[K]struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range some() {
		parents[key] = struct{}{}
	}
}
