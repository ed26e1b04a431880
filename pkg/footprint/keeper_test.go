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
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeeperLook(t *testing.T) {
	for name, tc := range map[string]struct {
		allocated []uint64 // between two looks
		want      []bool   // released by each
	}{
		"Start":     {allocated: []uint64{0, 0, 0}, want: []bool{true, false, false}},
		"Work":      {allocated: []uint64{working, working, 1, 1}, want: []bool{false, false, true, false}},
		"WorkAgain": {allocated: []uint64{0, working, working - 1, working, 0}, want: []bool{true, false, true, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			total, releases := uint64(0), 0
			k := New(nil)
			k.allocated = func() uint64 { return total }
			k.release = func() error { releases++; return nil }
			var got []bool
			for _, more := range tc.allocated {
				before := releases
				total += more
				if err := k.look(); err != nil {
					t.Fatal(err)
				}
				got = append(got, releases > before)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("released: -want, +got:\n%s", diff)
			}
		})
	}
}

// TestRelease sees that the test's own code and constants are still there when they were given back.
func TestRelease(t *testing.T) {
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if got := allocated(); got == 0 {
		t.Error("allocated() = 0")
	}
}
