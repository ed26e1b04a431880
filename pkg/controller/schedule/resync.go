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

package schedule

import (
	"hash/fnv"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// UntilResync returns the time until the parent's next periodic resync. Parents resync at a phase of
// their own, so that a period's calls are spread over it.
func UntilResync(parent types.UID, period time.Duration, now time.Time) time.Duration {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(parent)) // never fails
	phase := time.Duration(hash.Sum64() % uint64(period))
	since := time.Duration((now.UnixNano() - int64(phase)) % int64(period))
	return period - since
}

// Earlier returns the shorter of two delays. 0 stands for none.
func Earlier(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
