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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// play adds n syncs and returns what the last one changed.
func play(t *testing.T, s *Streak, n int, sync Sync) Change {
	t.Helper()
	last := None
	for range n {
		if last != None {
			t.Fatalf("a sync before the last one changed the parent: %d", last)
		}
		last = s.Add(sync)
	}
	return last
}

func TestStreak(t *testing.T) {
	echo := Sync{Wrote: true, Echo: true, Difference: func() string { return "status.count differs" }}
	woken, excused, quiet := Sync{Wrote: true}, Sync{Wrote: true, Echo: true, Excused: true}, Sync{Echo: true}
	type step struct {
		n    int
		sync Sync
		want Change // of the last of them
	}
	for name, steps := range map[string][]step{
		"LegalStateMachine": {{50, echo, None}, {1, quiet, None}},
		"TwoStateMachines":  {{Patience - 1, echo, None}, {1, quiet, None}, {Patience - 1, echo, None}},
		"NeverSettles":      {{Patience, echo, Restless}, {10 * Patience, echo, None}},
		"Settles":           {{Patience, echo, Restless}, {5, echo, None}, {1, quiet, Settled}, {1, quiet, None}},
		"RestlessAgain":     {{Patience, echo, Restless}, {1, quiet, Settled}, {Patience, echo, Restless}},
		"OthersChanges":     {{10 * Patience, woken, None}},
		"OthersInBetween":   {{Patience - 1, echo, None}, {5, woken, None}, {1, echo, Restless}, {5, woken, None}, {1, quiet, Settled}},
		"Excused":           {{10 * Patience, excused, None}},
	} {
		t.Run(name, func(t *testing.T) {
			var s Streak
			restless := false
			for i, step := range steps {
				if got := play(t, &s, step.n, step.sync); got != step.want {
					t.Errorf("step %d: Add() = %d, want %d", i, got, step.want)
				}
				restless = (restless || step.want == Restless) && step.want != Settled
				if s.Restless() != restless || (s.Delay() > 0) != restless {
					t.Errorf("step %d: Restless() = %t, Delay() = %s, want %t", i, s.Restless(), s.Delay(), restless)
				}
				if want := map[bool]string{true: "status.count differs"}[restless]; s.Difference() != want {
					t.Errorf("step %d: Difference() = %q, want %q", i, s.Difference(), want)
				}
			}
		})
	}
}

// TestDelay holds what the constants' comments say.
func TestDelay(t *testing.T) {
	echo := Sync{Wrote: true, Echo: true, Difference: func() string { return "" }}
	var s Streak
	var total time.Duration
	after := map[int]time.Duration{}
	for i := 1; i <= 20*Patience; i++ {
		s.Add(echo)
		total += s.Delay()
		after[i] = total.Round(time.Second)
		if i == 20*Patience && s.Delay() != LastDelay {
			t.Errorf("the last delay is %s, want %s", s.Delay(), LastDelay)
		}
	}
	want := map[int]time.Duration{50: 0, 99: 0, 120: 6 * time.Second, 160: 5*time.Minute + 33*time.Second}
	got := map[int]time.Duration{}
	for i := range want {
		got[i] = after[i]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("slowed down in all, after so many syncs (-want +got):\n%s", diff)
	}
}
