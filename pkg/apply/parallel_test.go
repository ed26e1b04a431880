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

package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hookplane/hookplane/pkg/plan"
)

// TestApplierChildrenParallel shows that as many writes as allowed are under way at once, and that each outcome is in its slot.
func TestApplierChildrenParallel(t *testing.T) {
	const parallelism, count = 3, 9
	var mu sync.Mutex
	running, most := 0, 0
	full := make(chan struct{})
	applier := newApplierFor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		running++
		if most = max(most, running); running == parallelism && most == parallelism {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		mu.Unlock()
		<-full // Nobody goes on before as many as allowed have come.
		mu.Lock()
		running--
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"metadata":{"resourceVersion":"`+r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]+`"}}`)
	}), Options{FieldManager: "metacontroller", Parallelism: parallelism})

	var writes []plan.Write
	for i := range count {
		writes = append(writes, plan.Write{
			Op: plan.Create, Key: plan.ChildKey{Namespace: "default", Name: fmt.Sprint(i)}, Body: []byte("{}"),
		})
	}
	for i, outcome := range applier.Children(t.Context(), rules, writes) {
		if outcome.Err != nil || outcome.ResourceVersion != fmt.Sprint(i) {
			t.Errorf("outcome %d: %+v", i, outcome)
		}
	}
	if most != parallelism {
		t.Errorf("want %d writes at once, got %d", parallelism, most)
	}
}

// TestApplierChildrenCancelled ends although the server never answers.
func TestApplierChildrenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	applier := newApplierFor(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // A server sees that its client went away only after it has read the request.
		cancel()
		<-r.Context().Done()
	}), Options{FieldManager: "metacontroller", Parallelism: 1})
	writes := []plan.Write{newWrite(plan.Create, body), newWrite(plan.Create, body)}
	for i, outcome := range applier.Children(ctx, rules, writes) {
		if !errors.Is(outcome.Err, context.Canceled) {
			t.Errorf("outcome %d: want context.Canceled, got %v", i, outcome.Err)
		}
	}
}
