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

package footprint

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// interval is how often a Keeper looks whether the process works.
	interval = 3 * time.Second
	// working is how many bytes are allocated in an interval at least when the process works. At rest it is a megabyte or two,
	// of timers, leases and the storage; some syncs a second are already more.
	working = 8 << 20
)

// Keeper gives memory back each time that work is over. That costs a garbage collection and some page faults each time. A
// process that works all the time is left alone: Go's own collector does what it always does.
type Keeper struct {
	clock     clock.WithTicker
	allocated func() uint64 // bytes since the start
	release   func() error

	last   uint64 // what was allocated at the last look
	worked bool   // the process worked then
}

// New returns a Keeper of this process.
func New(clock clock.WithTicker) *Keeper {
	return &Keeper{clock: clock, allocated: allocated, release: release, worked: true} // starting is work
}

// Run works until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	ticker := k.clock.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
		if err := k.look(); err != nil {
			klog.FromContext(ctx).Error(err, "Cannot give memory back")
		}
	}
}

// look gives memory back when the process worked the last time and does not any more.
func (k *Keeper) look() error {
	now := k.allocated()
	works := now-k.last >= working
	over := k.worked && !works
	k.last, k.worked = now, works
	if !over {
		return nil
	}
	return k.release()
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// release gives back free memory, and the pages of the program's file: more than half of them only a start needs.
func release() error {
	debug.FreeOSMemory()
	return releaseImage()
}
