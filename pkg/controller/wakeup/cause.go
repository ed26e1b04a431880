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

package wakeup

import (
	"strings"
	"time"
)

// Wakeup is why a parent is due, and since when.
type Wakeup struct {
	Cause Cause
	// Since is when the first of the changes came that made it due; zero when time did.
	Since time.Time
}

// Add adds another reason.
func (w *Wakeup) Add(other Wakeup) {
	w.Cause |= other.Cause
	if w.Since.IsZero() || !other.Since.IsZero() && other.Since.Before(w.Since) {
		w.Since = other.Since
	}
}

// Cause is why a parent is due: a set of the constants.
type Cause uint8

// What wakes a parent. Of changes, those that others made.
const (
	// Appeared is a parent that is new to its controller: created, selected, or there when the controller started.
	Appeared Cause = 1 << iota
	// ParentChanged is a change of the parent itself.
	ParentChanged
	// ChildChanged is a change of a child, or of an object that may become one.
	ChildChanged
	// RelatedChanged is a change of what the customize hook asked for.
	RelatedChanged
	// RevisionChanged is a change of one of the parent's ControllerRevisions.
	RevisionChanged
	// OwnWrites are what the last sync wrote, when all of it was seen.
	OwnWrites
	// Retry is a sync that failed, or was asked for patience.
	Retry
	// Resync is time that passed: resyncPeriodSeconds, resyncAfterSeconds.
	Resync
)

var causeNames = []string{"Appeared", "ParentChanged", "ChildChanged", "RelatedChanged", "RevisionChanged", "OwnWrites", "Retry", "Resync"}

// String is like "ChildChanged,Resync".
func (c Cause) String() string {
	var names []string
	for i, name := range causeNames {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
