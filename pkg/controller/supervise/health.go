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

package supervise

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

const (
	// catchUpTime is how long a controller that starts may take to sync all parents before it tells how far it is.
	catchUpTime = 10 * time.Second
	// maxConditionMessage is what metav1.Condition accepts.
	maxConditionMessage = 32768
	// ConditionNotConverging is True, and absent otherwise, while hooks of parents do not settle; it is the reason of events too.
	ConditionNotConverging = "HookNotConverging"
	// reasonNeverSettles is its reason.
	reasonNeverSettles = "AnswersKeepChanging"
	// conditionReady is True while the controller works: its objects are watched and its hook answers.
	conditionReady = "Ready"
)

// Health is how a running controller does.
type Health struct {
	// Known is false while objects are read and synced for the first time and nothing is
	// wrong yet: then the last status stands for a while, so that a restart changes none.
	Known   bool
	Ready   metav1.Condition
	Parents *v1alpha1.ParentsStatus // nil until the parents are known
	// NotConverging names the parents whose hooks do not settle; empty when there is none.
	NotConverging string
}

// Watching is what a controller needs to see.
type Watching struct {
	// What names the parents, for people.
	What string
	// Resource cannot be watched when Err is not nil.
	Resource objects.Resource
	Err      error
	Hooks    hook.Set
}

// result is how a sync ended.
type result int8

const (
	unsynced result = iota
	synced
	failing
)

// Census counts how the parents of one controller do. It is safe for concurrent use.
type Census[K comparable] struct {
	clock clock.PassiveClock

	mu        sync.Mutex
	results   map[K]result
	startedAt time.Time // zero until the parents are known
	hookErr   error     // why the hook cannot be reached, nil when the last call was answered
	failure   error     // the first since a sync succeeded
}

// NewCensus returns an empty census.
func NewCensus[K comparable](clock clock.PassiveClock) *Census[K] {
	return &Census[K]{clock: clock, results: map[K]result{}}
}

// Start says that the parents are known.
func (c *Census[K]) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startedAt = c.clock.Now()
}

// Enter counts a parent.
func (c *Census[K]) Enter(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.results[key]; !known {
		c.results[key] = unsynced
	}
}

// Leave counts a parent no more.
func (c *Census[K]) Leave(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.results, key)
}

// Book notes how a parent's sync ended, unless the parent went in the meantime. It reports whether the one before failed.
func (c *Census[K]) Book(key K, err error) (failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, known := c.results[key]
	if !known {
		return false
	}
	if err == nil {
		c.results[key], c.failure = synced, nil
		return before == failing
	}
	c.results[key] = failing
	if c.failure == nil {
		c.failure = err
	}
	return before == failing
}

// Called notes whether the hook could be reached: an answer, however bad, says that it could. Of several
// failures the first is kept, so that what is told of it does not change with every retry.
func (c *Census[K]) Called(err error) {
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

// Health puts together how the controller does.
func (c *Census[K]) Health(w Watching) Health {
	counts, startedAt, hookErr, failure := c.count()
	var h Health
	if !startedAt.IsZero() {
		h.Parents = &counts
		caughtUp := counts.Synced+counts.Failing == counts.Total
		h.Known = caughtUp || hookErr != nil || c.clock.Since(startedAt) > catchUpTime
	}
	unavailable, _ := errors.AsType[*hook.UnavailableError](w.Hooks.Err())
	h.Known = h.Known || w.Err != nil || unavailable != nil
	h.Ready = readyCondition(&w, unavailable, hookErr, failure)
	return h
}

// count returns how the parents do, and what is wrong with all of them: the hook cannot be reached, or not
// one parent could be synced.
func (c *Census[K]) count() (counts v1alpha1.ParentsStatus, startedAt time.Time, hookErr, failure error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts = v1alpha1.ParentsStatus{Total: int32(len(c.results))}
	for _, r := range c.results {
		switch r {
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

// readyCondition says whether the controller works, in the words of the thing that is wrong.
func readyCondition(w *Watching, unavailable *hook.UnavailableError, hookErr, failure error) metav1.Condition {
	switch {
	case apierrors.IsForbidden(w.Err):
		return condition(metav1.ConditionFalse, ReasonForbidden, fmt.Sprintf("cannot watch %s: %v", w.Resource.GroupResource(), w.Err))
	case w.Err != nil:
		return condition(metav1.ConditionFalse, ReasonWatchFailing, fmt.Sprintf("cannot watch %s: %v", w.Resource.GroupResource(), w.Err))
	case unavailable != nil:
		return condition(metav1.ConditionFalse, unavailable.Reason, unavailable.Message)
	case hookErr != nil:
		return condition(metav1.ConditionFalse, ReasonHookUnreachable, hookErr.Error())
	case failure != nil:
		return condition(metav1.ConditionFalse, ReasonSyncFailing, "no object could be synced: "+failure.Error())
	}
	return condition(metav1.ConditionTrue, ReasonRunning, "watching "+w.What)
}

func condition(status metav1.ConditionStatus, reason, message string) metav1.Condition {
	if len(message) > maxConditionMessage {
		message = strings.ToValidUTF8(message[:maxConditionMessage], "")
	}
	return metav1.Condition{Type: conditionReady, Status: status, Reason: reason, Message: message}
}
