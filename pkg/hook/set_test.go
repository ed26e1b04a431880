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

package hook_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/pkg/hook"
)

// plain is a hook without more.
type plain struct{}

func (plain) Call(context.Context, hook.Request) (hook.Response, error) { return hook.Response{}, nil }

// full is a hook that notes what it is asked.
type full struct {
	plain
	name string
	err  error
	log  *[]string
}

func (f full) note(what string) { *f.log = append(*f.log, f.name+" "+what) }

func (f full) Open(context.Context) func() {
	f.note("open")
	return func() { f.note("close") }
}

func (f full) Err() error { return f.err }

func (f full) Wait(context.Context) error {
	f.note("wait")
	return f.err
}

func (f full) Forget(parent types.UID) { f.note("forget " + string(parent)) }

// wrapper is a hook around another.
type wrapper struct{ hook.Hook }

func (w wrapper) Unwrap() hook.Hook { return w.Hook }

func TestSet(t *testing.T) {
	var log []string
	set := hook.Set{plain{}, full{name: "a", log: &log}, wrapper{wrapper{full{name: "b", log: &log}}}, wrapper{plain{}}}
	closeAll := set.Open(t.Context())
	if err := set.Wait(t.Context()); err != nil {
		t.Errorf("Wait() = %v", err)
	}
	if err := set.Err(); err != nil {
		t.Errorf("Err() = %v", err)
	}
	set.Forget("uid")
	closeAll()
	want := []string{"a open", "b open", "a wait", "b wait", "a forget uid", "b forget uid", "a close", "b close"}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("what the hooks were asked (-want +got):\n%s", diff)
	}
}

func TestSetErrors(t *testing.T) {
	var log []string
	err := errors.New("not ready")
	set := hook.Set{full{name: "a", log: &log}, wrapper{full{name: "b", err: err, log: &log}}, full{name: "c", log: &log}}
	if got := set.Wait(t.Context()); !errors.Is(got, err) {
		t.Errorf("Wait() = %v, want %v", got, err)
	}
	if got := set.Err(); !errors.Is(got, err) {
		t.Errorf("Err() = %v, want %v", got, err)
	}
	if diff := cmp.Diff([]string{"a wait", "b wait"}, log); diff != "" {
		t.Errorf("what the hooks were asked (-want +got):\n%s", diff)
	}
}
