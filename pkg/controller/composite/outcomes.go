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

package composite

import (
	"sync"

	"github.com/hookplane/hookplane/pkg/objects"
)

// outcomes counts how the parents of one controller do.
type outcomes struct {
	mu       sync.Mutex
	byParent map[objects.Key]bool // true: the last sync succeeded
	failing  int32
	hookErr  error // of the last call, nil when it was answered
}

func newOutcomes() *outcomes { return &outcomes{byParent: map[objects.Key]bool{}} }

// synced notes how a parent's sync ended.
func (o *outcomes) synced(key objects.Key, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if was, known := o.byParent[key]; known && !was {
		o.failing--
	}
	o.byParent[key] = err == nil
	if err != nil {
		o.failing++
	}
}

// called notes whether the hook could be called.
func (o *outcomes) called(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hookErr = reportable(err)
}

// forget drops a parent that is gone.
func (o *outcomes) forget(key objects.Key) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if succeeded, known := o.byParent[key]; known && !succeeded {
		o.failing--
	}
	delete(o.byParent, key)
}

// count returns how many parents' last sync succeeded and failed, and why the hook cannot be called.
func (o *outcomes) count() (synced, failing int32, hookErr error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return int32(len(o.byParent)) - o.failing, o.failing, o.hookErr
}
