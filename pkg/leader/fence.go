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

package leader

import (
	"errors"
	"net/http"
	"sync"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/utils/clock"
)

// ErrNotLeading is why a write was not sent.
var ErrNotLeading = errors.New("this replica does not lead the controllers, or cannot be sure that it still does")

// Fence knows until when nobody else can lead. The nil Fence is open: there is nobody else. It is safe for concurrent use.
type Fence struct {
	// clock must be monotonic, as time.Now is: it goes on while the process is stopped, and nobody sets it.
	clock clock.PassiveClock

	mu    sync.Mutex
	until time.Time
}

// NewFence returns a Fence that is closed.
func NewFence(clock clock.PassiveClock) *Fence { return &Fence{clock: clock} }

// Check returns ErrNotLeading unless this replica leads for sure.
func (f *Fence) Check() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.clock.Now().Before(f.until) {
		return nil
	}
	return ErrNotLeading
}

// open lets writes pass before a time.
func (f *Fence) open(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.until = until
}

// close lets no write pass.
func (f *Fence) close() { f.open(time.Time{}) }

// Transport makes the requests of a client that write pass the fence, the last thing before they are sent.
func (f *Fence) Transport(next http.RoundTripper) http.RoundTripper {
	if f == nil {
		return next
	}
	return &transport{fence: f, next: next}
}

type transport struct {
	fence *Fence
	next  http.RoundTripper
}

var _ utilnet.RoundTripperWrapper = &transport{}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet && request.Method != http.MethodHead {
		if err := t.fence.Check(); err != nil {
			if request.Body != nil {
				_ = request.Body.Close() // it is not sent
			}
			return nil, err
		}
	}
	return t.next.RoundTrip(request)
}

// WrappedRoundTripper implements utilnet.RoundTripperWrapper.
func (t *transport) WrappedRoundTripper() http.RoundTripper { return t.next }
