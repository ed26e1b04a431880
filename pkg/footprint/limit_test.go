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
	"errors"
	"math"
	"runtime/debug"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func TestLimitTo(t *testing.T) {
	errUnreadable := errors.New("unreadable")
	const before = 1 << 40
	for name, tc := range map[string]struct {
		variable  string // GOMEMLIMIT; the runtime has read it before
		container uint64
		err       error
		want      int64 // that is returned
		set       int64 // that holds then
		wantErr   error
	}{
		"Limited":    {container: 200 << 20, want: 188743680, set: 188743680},
		"Unlimited":  {err: memlimit.ErrNoLimit, set: before},
		"NoCgroup":   {err: memlimit.ErrNoCgroup, set: before},
		"Nothing":    {container: 0, set: before},
		"Boundless":  {container: math.MaxUint64, set: before},
		"Variable":   {variable: "1TiB", container: 200 << 20, want: before, set: before},
		"Unreadable": {err: errUnreadable, set: before, wantErr: errUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOMEMLIMIT", tc.variable)
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(before))
			got, err := limitTo(func() (uint64, error) { return tc.container, tc.err })
			if got != tc.want || !errors.Is(err, tc.wantErr) {
				t.Errorf("limitTo(%d, %v) = %d, %v; want %d, %v", tc.container, tc.err, got, err, tc.want, tc.wantErr)
			}
			if is := debug.SetMemoryLimit(-1); is != tc.set {
				t.Errorf("the limit is %d, want %d", is, tc.set)
			}
		})
	}
}
