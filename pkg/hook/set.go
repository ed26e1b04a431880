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

package hook

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
)

// Opener is a Hook that watches objects or keeps connections while its controller runs.
type Opener interface {
	// Open makes the hook ready for calls, in the background where that takes time. Until the returned function is called, once,
	// the hook may not be opened again; it returns when all that Open started has ended.
	Open(ctx context.Context) (closeHook func())
	// Err returns why the hook cannot be called as things are, a *UnavailableError. It is nil when the hook can be called, and
	// while that is not known yet.
	Err() error
	// Wait returns nil when the hook can be called, or the context's error. Only an open hook may be waited for.
	Wait(ctx context.Context) error
}

// Forgetter is a Hook that keeps something about each parent.
type Forgetter interface {
	// Forget drops what is kept about a parent that is gone.
	Forget(parent types.UID)
}

// Set is the hooks of one controller. What a hook can do beyond being called (Opener, Forgetter) is looked for in the hook and
// in those that it wraps: a Hook that wraps another has a method Unwrap() Hook.
type Set []Hook

// Open opens all hooks. closeAll closes them.
func (s Set) Open(ctx context.Context) (closeAll func()) {
	var closers []func()
	for opener := range as[Opener](s) {
		closers = append(closers, opener.Open(ctx))
	}
	return func() {
		for _, closer := range closers {
			closer()
		}
	}
}

// Err returns why one of the hooks cannot be called, a *UnavailableError, or nil.
func (s Set) Err() error {
	for opener := range as[Opener](s) {
		if err := opener.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Wait returns nil when all hooks can be called, or the context's error.
func (s Set) Wait(ctx context.Context) error {
	for opener := range as[Opener](s) {
		if err := opener.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Forget drops what is kept about a parent that is gone.
func (s Set) Forget(parent types.UID) {
	for forgetter := range as[Forgetter](s) {
		forgetter.Forget(parent)
	}
}

// as yields what is a T of the hooks and those that they wrap.
func as[T any](s Set) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for _, h := range s {
			for h != nil {
				if found, ok := h.(T); ok && !yield(found) {
					return
				}
				wrapper, ok := h.(interface{ Unwrap() Hook })
				if !ok {
					break
				}
				h = wrapper.Unwrap()
			}
		}
	}
}
