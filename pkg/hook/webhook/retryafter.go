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

package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

const (
	// defaultRetryAfter is the wait for a hook that gives none, a senseless one, or one that is over.
	defaultRetryAfter = time.Second
	// maxRetryAfter is the longest wait that a hook can ask for.
	maxRetryAfter = time.Hour
)

// retryAfter reads a Retry-After header, which holds seconds or a date, as a wait from now on.
// It is positive and at most maxRetryAfter.
func retryAfter(header string, now time.Time) time.Duration {
	var after time.Duration
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		after = time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		after = date.Sub(now)
	}
	if after <= 0 {
		return defaultRetryAfter
	}
	return min(after, maxRetryAfter)
}
