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

package converge

import (
	"math"
	"time"
)

const (
	// Patience is how many syncs in a row may follow from nothing but their own writes before the parent is slowed down. A
	// state machine that a hook keeps in status advances by such syncs, one for each step; those that people write have a
	// few dozen steps at most. A hook that never settles gets through it in seconds.
	Patience = 100

	// The delays that follow. Each is a tenth longer than the one before: a state machine of 120 steps loses six seconds, and
	// a hook that never settles is called twice a minute after five minutes.
	firstDelay = 100 * time.Millisecond
	growth     = 1.1
	// LastDelay is the longest delay; that of retries.
	LastDelay = 30 * time.Second
)

// Sync is what one sync tells about its hook.
type Sync struct {
	// Wrote says that it wrote what wakes its parent.
	Wrote bool
	// Echo says that nothing but what the last sync wrote was its cause.
	Echo bool
	// Excused says that what it wrote is not the hook's doing.
	Excused bool
	// Difference returns, in words, what was written. It is asked once for a hook that does not settle.
	Difference func() string
}

// Change is what a sync changes about its parent.
type Change int8

const (
	// None is the usual.
	None Change = iota
	// Restless says that the parent is slowed down from now on.
	Restless
	// Settled says that it is not any more.
	Settled
)

// Streak is the syncs of one parent since one wrote nothing. The zero value is the streak of a new parent.
type Streak struct {
	echoes     int
	difference string
}

// Add counts a sync that did not fail. A sync that others had a part in neither counts nor excuses: only what settles does.
func (s *Streak) Add(sync Sync) Change {
	switch {
	case !sync.Wrote:
		was := s.Restless()
		*s = Streak{}
		if was {
			return Settled
		}
	case sync.Echo && !sync.Excused:
		s.echoes++
		if s.echoes == Patience {
			s.difference = sync.Difference()
			return Restless
		}
	}
	return None
}

// Restless reports whether the parent is slowed down.
func (s *Streak) Restless() bool { return s.echoes >= Patience }

// Difference is, in words, what the hook changed when the parent became restless.
func (s *Streak) Difference() string { return s.difference }

// Delay returns how long after its cause a sync comes that nothing but the writes of the last one caused.
func (s *Streak) Delay() time.Duration {
	if !s.Restless() {
		return 0
	}
	// Compared as floats, which overflow to infinity.
	return time.Duration(math.Min(float64(firstDelay)*math.Pow(growth, float64(s.echoes-Patience)), float64(LastDelay)))
}
