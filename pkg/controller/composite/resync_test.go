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
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestUntilResync(t *testing.T) {
	const period = time.Minute
	start := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	var buckets [4]int
	for i := range 1000 {
		parent := types.UID(fmt.Sprintf("uid-%d", i))
		until := untilResync(parent, period, start)
		if until <= 0 || until > period {
			t.Fatalf("untilResync(%s) = %s, want within a period", parent, until)
		}
		if again := untilResync(parent, period, start.Add(until)); again != period {
			t.Fatalf("after a resync of %s the next one is due in %s, want %s", parent, again, period)
		}
		buckets[int(until*4/(period+1))]++
	}
	for i, parents := range buckets {
		if parents < 150 {
			t.Errorf("quarter %d of the period has %d of 1000 resyncs: they are not spread: %v", i, parents, buckets)
		}
	}
}
