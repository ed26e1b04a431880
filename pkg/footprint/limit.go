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
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// limitPercent is how much of the container's memory Go may take. The rest is for what Go does not count.
const limitPercent = 90

// Limit makes Go collect garbage more often rather than exceed what the container may take, as GOMEMLIMIT does; when that is
// set, it counts. It returns how many bytes Go tries to stay below, 0 when nothing is known to limit them. It changes a setting
// of the whole process.
func Limit() (int64, error) { return limitTo(memlimit.FromCgroup) }

func limitTo(container func() (uint64, error)) (int64, error) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return debug.SetMemoryLimit(-1), nil
	}
	bytes, err := container()
	switch {
	case errors.Is(err, memlimit.ErrNoLimit) || errors.Is(err, memlimit.ErrNoCgroup):
		return 0, nil
	case err != nil:
		return 0, err
	}
	if bytes == 0 || bytes > math.MaxInt64 {
		return 0, nil
	}
	limit := int64(bytes) / 100 * limitPercent
	debug.SetMemoryLimit(limit)
	return limit, nil
}
