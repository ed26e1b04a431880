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
	"errors"
	"time"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// book notes how a parent's sync ended, unless the parent went in the meantime, and returns how the one before did.
func (c *controller) book(parent *objects.Object, err error) (before result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memory[parent.Key()]
	if m == nil || m.uid != parent.UID {
		return unsynced
	}
	before = m.result
	if err == nil {
		m.result, c.failure = synced, nil
		return before
	}
	m.result = failing
	if c.failure == nil {
		c.failure = err
	}
	return before
}

// called notes whether the hook could be reached: an answer, however bad, says that it could. Of several
// failures the first is kept, so that what is told of it does not change with every retry.
func (c *controller) called(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	failure, failed := errors.AsType[*hook.CallError](err)
	switch {
	case !failed || failure.Status != 0:
		c.hookErr = nil
	case c.hookErr == nil:
		c.hookErr = err
	}
}

// count returns how the parents do, and what is wrong with all of them: the hook cannot be reached, or not
// one parent could be synced. startedAt is zero as long as the parents are not known.
func (c *controller) count() (counts v1alpha1.ParentsStatus, startedAt time.Time, hookErr, failure error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts = v1alpha1.ParentsStatus{Total: int32(len(c.memory))}
	for _, m := range c.memory {
		switch m.result {
		case synced:
			counts.Synced++
		case failing:
			counts.Failing++
		case unsynced:
		}
	}
	if counts.Failing == 0 {
		return counts, c.startedAt, nil, nil
	}
	if counts.Synced == 0 {
		failure = c.failure
	}
	return counts, c.startedAt, c.hookErr, failure
}
