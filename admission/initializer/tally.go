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

package initializer

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// tally counts what became of new objects, by the UID of the InitializerController, until somebody has written it down.
type tally struct {
	mu      sync.Mutex
	entries map[types.UID]*entry
}

// entry is what happened at one InitializerController.
type entry struct {
	// unwritten is what the status does not have yet.
	unwritten v1alpha1.InitializedObjectsStatus
	// generation is the one that failure is about. failure is why the last object was not completed, nil when it was.
	generation int64
	failure    error
}

func newTally() *tally { return &tally{entries: map[types.UID]*entry{}} }

func (t *tally) add(s step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[s.Object.UID]
	if e == nil {
		e = &entry{}
		t.entries[s.Object.UID] = e
	}
	switch s.result {
	case completed:
		e.unwritten.Completed++
	case refused, failed:
		e.unwritten.Refused++
	case ignored:
		e.unwritten.Ignored++
	case deferred:
		e.unwritten.Deferred++
	}
	e.generation = s.Object.Generation
	switch {
	case s.result == refused || s.err == nil && s.called:
		e.failure = nil
	case s.err != nil:
		e.failure = s.err
	}
}

// look returns what is known of an InitializerController.
func (t *tally) look(uid types.UID) entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.entries[uid]; e != nil {
		return *e
	}
	return entry{}
}

// written takes off what has been written down.
func (t *tally) written(uid types.UID, counts v1alpha1.InitializedObjectsStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.entries[uid]; e != nil {
		e.unwritten.Completed -= counts.Completed
		e.unwritten.Refused -= counts.Refused
		e.unwritten.Ignored -= counts.Ignored
		e.unwritten.Deferred -= counts.Deferred
	}
}

// keep forgets the InitializerControllers that are not among those of the UIDs.
func (t *tally) keep(existing map[types.UID]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for uid := range t.entries {
		if !existing[uid] {
			delete(t.entries, uid)
		}
	}
}
