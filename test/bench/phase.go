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

package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// subject is what a phase looks at.
type subject struct {
	hook *hook
	// resources whose requests are counted, by plural.
	resources []string
}

// moment is what was counted until some time.
type moment struct {
	at           time.Time
	pid          int // of hookplane, 0 when none runs
	calls, bytes int
	requests     requests
	usage        usage
}

func (b *bench) look(ctx context.Context, s subject) (moment, error) {
	m := moment{}
	var err error
	if m.requests, err = readRequests(ctx, b.kubernetes); err != nil {
		return m, err
	}
	if b.hookplane != nil {
		if m.pid, err = b.hookplane.PID(); err != nil {
			return m, err
		}
		if m.usage, err = readUsage(m.pid); err != nil {
			return m, err
		}
	}
	if s.hook != nil {
		m.calls, m.bytes = s.hook.count()
	}
	m.at = time.Now()
	return m, nil
}

// phase does something and measures what it costs. What do returns is when it was done: what comes until the row is made, such as
// the time to see that nothing more happens, does not count as the phase's time.
func (b *bench) phase(ctx context.Context, name string, s subject, do func(ctx context.Context) (time.Time, error)) (Row, error) {
	row := Row{Scene: b.scene, Phase: name}
	before, err := b.look(ctx, s)
	if err != nil {
		return row, err
	}
	if before.pid != 0 {
		if err := resetPeak(before.pid); err != nil {
			return row, err
		}
	}
	profiled := b.profile(ctx, name)
	done, err := do(ctx)
	if err != nil {
		return row, fmt.Errorf("phase %s: %w", name, err)
	}
	if err := <-profiled; err != nil {
		return row, err
	}
	after, err := b.look(ctx, s)
	if err != nil {
		return row, err
	}
	row.Seconds = done.Sub(before.at).Seconds()
	row.fill(s, before, after)
	b.result.Rows = append(b.result.Rows, row)
	fmt.Fprintf(os.Stderr, "bench: %s, %s: %.2f s\n", row.Scene, row.Phase, row.Seconds)
	return row, nil
}

// settle waits until the hook was called calls times more than before, and sees that it is not called once more.
func (b *bench) settle(ctx context.Context, h *hook, before, calls int) (time.Time, error) {
	if calls == 0 {
		return time.Now(), pause(ctx, b.size.quiet)
	}
	done, err := h.await(ctx, before+calls)
	if err != nil {
		return done, err
	}
	return done, pause(ctx, b.size.quiet)
}
