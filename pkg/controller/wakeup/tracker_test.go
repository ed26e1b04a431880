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
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"
)

var (
	self   = Object{Name: "p"}
	childA = Object{Resource: 1, Name: "a"}
	childB = Object{Resource: 1, Name: "b"}
)

// changed is a change that matters.
func changed(o Object, rv string) Change {
	return Change{Object: o, ResourceVersion: rv, Matters: true}
}

// wrote is a write that matters.
func wrote(o Object, rv string) Write { return Write{Object: o, ResourceVersion: rv, Matters: true} }

// TestTracker plays one parent's history and counts how often it is enqueued after each step.
func TestTracker(t *testing.T) {
	type step struct {
		change *Change
		begin  bool
		refuse bool // Begin must answer false
		end    []Write
		ended  bool
		forget bool
		want   int // times enqueued by this step
	}
	change := func(c Change, want int) step { return step{change: &c, want: want} }
	begin := step{begin: true}
	end := func(want int, writes ...Write) step { return step{ended: true, end: writes, want: want} }
	shown := map[Object]string{self: "10", childA: "11"}

	cases := map[string]struct {
		reason string
		steps  []step
	}{
		"ForeignChange": {
			reason: "what others change wakes at once",
			steps:  []step{change(changed(self, "12"), 1), change(changed(childA, "13"), 1)},
		},
		"ImmaterialChange": {
			reason: "managedFields or resourceVersion alone wake nobody",
			steps:  []step{change(Change{Object: self, ResourceVersion: "12"}, 0)},
		},
		"NothingWritten": {
			reason: "a sync that wrote nothing ends the matter",
			steps:  []step{begin, end(0)},
		},
		"OwnWritesWakeOnce": {
			reason: "all writes of one sync wake the parent once, after the last of them was seen",
			steps: []step{
				begin, end(0, wrote(childA, "20"), wrote(childB, "21"), wrote(self, "22")),
				change(changed(childA, "20"), 0), change(changed(self, "22"), 0), change(changed(childB, "21"), 1),
				begin, end(0),
			},
		},
		"EchoesBeforeTheAnswer": {
			reason: "the watch may be faster than the write's own answer",
			steps: []step{
				begin, change(changed(childB, "21"), 0), change(changed(childA, "20"), 0),
				end(1, wrote(childA, "20"), wrote(childB, "21")),
			},
		},
		"BookkeepingWakesNobody": {
			reason: "a status write that changed only what we maintain is awaited, and wakes nobody",
			steps: []step{
				begin, end(0, Write{Object: self, ResourceVersion: "20"}), change(changed(self, "20"), 0),
				change(changed(self, "21"), 1),
			},
		},
		"UnchangedByServer": {
			reason: "a write that the server found nothing to change in has no echo",
			steps:  []step{begin, end(0, wrote(childA, "11")), change(changed(childA, "12"), 1)},
		},
		"ForeignChangeDuringTheWait": {
			reason: "others' changes wait for our own writes to be seen: never with half of them visible",
			steps: []step{
				begin, end(0, Write{Object: self, ResourceVersion: "22"}, Write{Object: childA, ResourceVersion: "20"}),
				change(changed(childA, "20"), 0), change(changed(childB, "21"), 0), change(changed(self, "22"), 1),
			},
		},
		"ForeignChangeDuringTheSync": {
			reason: "what changed after the sync looked is a reason to sync again",
			steps:  []step{begin, change(changed(self, "15"), 0), end(1)},
		},
		"SeenBeforeTheSyncLooked": {
			reason: "what the sync was shown already is no reason to sync again",
			steps:  []step{begin, change(changed(self, "10"), 0), change(changed(childA, "9"), 0), end(0)},
		},
		"ForeignVersionTakenForOwn": {
			reason: "our write changed nothing and was answered with the version that somebody else's change had left",
			steps: []step{
				begin, change(Change{Object: self, ResourceVersion: "12", Matters: true, Foreign: true}, 0),
				end(1, Write{Object: self, ResourceVersion: "12"}),
			},
		},
		"OverwrittenAtOnce": {
			reason: "somebody changed our write before we saw it, and a relist shows only the last state",
			steps:  []step{begin, end(0, Write{Object: childA, ResourceVersion: "20"}), change(changed(childA, "25"), 1)},
		},
		"OlderForeignChangeBeforeTheEcho": {
			reason: "a change that came between what the sync saw and its write is somebody else's",
			steps: []step{
				begin, end(0, Write{Object: childA, ResourceVersion: "20"}),
				change(changed(childA, "15"), 0), change(changed(childA, "20"), 1),
			},
		},
		"DeleteSeenAsDeletion": {
			reason: "a delete is seen when the object is gone or terminating",
			steps: []step{
				begin, end(0, Write{Object: childA, Deletes: true, Matters: true}),
				change(Change{Object: childA, ResourceVersion: "20", Gone: true, Matters: true}, 1),
			},
		},
		"DeleteNotYetSeen": {
			reason: "an update of an object on its way out is not its deletion",
			steps: []step{
				begin, end(0, Write{Object: childA, Deletes: true, Matters: true}),
				change(changed(childA, "19"), 0),
				change(Change{Object: childA, ResourceVersion: "20", Gone: true, Matters: true}, 1),
			},
		},
		"SyncWhileAwaiting": {
			reason: "a resync that falls due in the wait runs once all was seen",
			steps: []step{
				begin, end(0, Write{Object: self, ResourceVersion: "20"}),
				{begin: true, refuse: true},
				change(Change{Object: self, ResourceVersion: "20", Matters: true}, 1),
			},
		},
		"IncomparableVersion": {
			reason: "a version that cannot be compared counts as seen: a sync too many beats one too few",
			steps:  []step{begin, change(changed(self, "x"), 0), end(1)},
		},
		"Forgotten": {
			reason: "a parent that went during its sync leaves nothing behind",
			steps:  []step{begin, {forget: true}, end(0, wrote(childA, "20")), change(changed(childA, "20"), 1)},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			enqueued := 0
			tracker := New(clocktesting.NewFakeClock(time.Now()), func(string, Wakeup) { enqueued++ })
			for i, s := range tc.steps {
				before := enqueued
				switch {
				case s.change != nil:
					tracker.Changed("p", *s.change)
				case s.begin:
					if got := tracker.Begin("p", Wakeup{}); got == s.refuse {
						t.Fatalf("%s: step %d: Begin() = %t", tc.reason, i, got)
					}
				case s.ended:
					tracker.End("p", func(o Object) string { return shown[o] }, s.end)
				case s.forget:
					tracker.Forget("p")
				}
				if diff := cmp.Diff(s.want, enqueued-before); diff != "" {
					t.Errorf("%s: step %d enqueued (-want +got):\n%s", tc.reason, i, diff)
				}
			}
		})
	}
}

func TestTrackerIdleParentsCostNothing(t *testing.T) {
	tracker := New(clocktesting.NewFakeClock(time.Now()), func(string, Wakeup) {})
	for i := range 100 {
		key := fmt.Sprint(i)
		tracker.Begin(key, Wakeup{})
		tracker.End(key, func(Object) string { return "" }, []Write{wrote(self, "5")})
		tracker.Changed(key, changed(self, "5"))
	}
	if len(tracker.parents) != 0 {
		t.Errorf("%d parents are remembered though nothing is awaited", len(tracker.parents))
	}
}

func TestTrackerBufferIsBounded(t *testing.T) {
	enqueued := 0
	tracker := New(clocktesting.NewFakeClock(time.Now()), func(string, Wakeup) { enqueued++ })
	tracker.Begin("p", Wakeup{})
	for i := range 3 * maxBuffered {
		tracker.Changed("p", Change{Object: childA, ResourceVersion: fmt.Sprint(i + 1)})
	}
	if got := len(tracker.parents["p"].buffered); got > maxBuffered {
		t.Errorf("%d changes are buffered, want at most %d", got, maxBuffered)
	}
	tracker.End("p", func(Object) string { return "" }, nil)
	if enqueued != 1 {
		t.Errorf("enqueued %d times after the buffer overflowed, want 1", enqueued)
	}
}

func TestTrackerRunReleasesOverdue(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Now())
	enqueued := make(chan string, 10)
	tracker := New(clock, func(key string, _ Wakeup) { enqueued <- key })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tracker.Run(ctx)
	}()
	tracker.Begin("due", Wakeup{})
	tracker.End("due", func(Object) string { return "" }, []Write{wrote(childA, "20")})
	tracker.Begin("quiet", Wakeup{})
	tracker.End("quiet", func(Object) string { return "" }, []Write{{Object: self, ResourceVersion: "20"}})
	for !clock.HasWaiters() {
		time.Sleep(time.Millisecond) // until Run waits for its ticker
	}
	clock.Step(patience / 2)
	select {
	case key := <-enqueued:
		t.Errorf("%s was enqueued before its patience ended", key)
	case <-time.After(50 * time.Millisecond):
	}
	clock.Step(patience)
	if got := <-enqueued; got != "due" {
		t.Errorf("enqueued %q, want due", got)
	}
	cancel()
	<-done
	if len(enqueued) != 0 {
		t.Errorf("%s was enqueued though nothing that matters was written", <-enqueued)
	}
}

// TestTrackerCauses plays one parent's history and looks at what it is told when it is due.
func TestTrackerCauses(t *testing.T) {
	child := Change{Object: childB, ResourceVersion: "30", Matters: true, Cause: ChildChanged}
	echo := Change{Object: childA, ResourceVersion: "20", Matters: true, Cause: ChildChanged}
	for name, tc := range map[string]struct {
		play func(*Tracker[string], func(...Write))
		want string
	}{
		"Change": {want: "ChildChanged", play: func(tracker *Tracker[string], _ func(...Write)) {
			tracker.Changed("p", child)
		}},
		"OwnWrites": {want: "OwnWrites", play: func(tracker *Tracker[string], sync func(...Write)) {
			sync(wrote(childA, "20"))
			tracker.Changed("p", echo)
		}},
		"ChangeInTheWait": {want: "ChildChanged,OwnWrites", play: func(tracker *Tracker[string], sync func(...Write)) {
			sync(wrote(childA, "20"))
			tracker.Changed("p", child)
			tracker.Changed("p", echo)
		}},
		"MoreThanAnEcho": {want: "ParentChanged", play: func(tracker *Tracker[string], sync func(...Write)) {
			sync(Write{Object: self, ResourceVersion: "20"})
			tracker.Changed("p", Change{Object: self, ResourceVersion: "20", Foreign: true, Cause: ParentChanged})
		}},
		"ResyncInTheWait": {want: "OwnWrites,Resync", play: func(tracker *Tracker[string], sync func(...Write)) {
			sync(wrote(childA, "20"))
			tracker.Begin("p", Wakeup{Cause: Resync})
			tracker.Changed("p", echo)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			tracker := New(clocktesting.NewFakeClock(time.Now()), func(_ string, w Wakeup) { got = append(got, w.Cause.String()) })
			tc.play(tracker, func(writes ...Write) {
				tracker.Begin("p", Wakeup{Cause: Appeared}) // why this sync runs is not why the next one does
				tracker.End("p", func(Object) string { return "" }, writes)
			})
			if diff := cmp.Diff([]string{tc.want}, got); diff != "" {
				t.Errorf("causes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTrackerSince tells of each wakeup when its first change came, however long the parent had to wait.
func TestTrackerSince(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	for name, tc := range map[string]struct {
		play func(*Tracker[string], func())
		want time.Time
	}{
		"Idle": {want: at(0), play: func(tracker *Tracker[string], _ func()) {
			tracker.Changed("p", changed(self, "12"))
		}},
		"Syncing": {want: at(1), play: func(tracker *Tracker[string], tick func()) {
			tracker.Begin("p", Wakeup{})
			tick()
			tracker.Changed("p", changed(self, "12"))
			tick()
			tracker.Changed("p", changed(childA, "13"))
			tracker.End("p", func(Object) string { return "" }, nil)
		}},
		"OwnWrites": {want: at(1), play: func(tracker *Tracker[string], tick func()) {
			tracker.Begin("p", Wakeup{})
			tick()
			tracker.End("p", func(Object) string { return "" }, []Write{wrote(childA, "20")})
			tick()
			tracker.Changed("p", changed(childA, "20"))
		}},
		"TakenWhileAwaiting": {want: at(-5), play: func(tracker *Tracker[string], tick func()) {
			tracker.Begin("p", Wakeup{})
			tracker.End("p", func(Object) string { return "" }, []Write{wrote(childA, "20")})
			tracker.Begin("p", Wakeup{Since: at(-5)})
			tick()
			tracker.Changed("p", changed(childA, "20"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := clocktesting.NewFakeClock(start)
			var got []time.Time
			tracker := New(clock, func(_ string, w Wakeup) { got = append(got, w.Since) })
			tc.play(tracker, func() { clock.Step(time.Second) })
			if diff := cmp.Diff([]time.Time{tc.want}, got); diff != "" {
				t.Errorf("since (-want +got):\n%s", diff)
			}
		})
	}
}
