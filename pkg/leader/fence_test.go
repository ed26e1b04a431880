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
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestFenceCheck(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(start)
	fence := NewFence(clock)
	refuses := func(when string) {
		t.Helper()
		if err := fence.Check(); !errors.Is(err, ErrNotLeading) {
			t.Errorf("%s the fence gives %v", when, err)
		}
	}
	passes := func(when string) {
		t.Helper()
		if err := fence.Check(); err != nil {
			t.Errorf("%s the fence gives %v", when, err)
		}
	}
	refuses("before this replica leads")
	fence.open(start.Add(8 * time.Second))
	passes("while it leads")
	clock.SetTime(start.Add(8*time.Second - 1))
	passes("at the last moment")
	clock.SetTime(start.Add(8 * time.Second))
	refuses("when others may lead")
	fence.open(start.Add(20 * time.Second))
	passes("after a renewal")
	fence.close()
	refuses("after it was closed")

	fence = nil
	passes("where nobody else is")
}

// sent counts requests, and closes their bodies as transports do.
type sent struct{ requests int }

func (s *sent) RoundTrip(request *http.Request) (*http.Response, error) {
	s.requests++
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: request}, nil
}

// body tells whether it was closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error {
	b.closed = true
	return nil
}

func TestFenceTransport(t *testing.T) {
	for method, reads := range map[string]bool{
		http.MethodGet: true, http.MethodHead: true,
		http.MethodPost: false, http.MethodPut: false, http.MethodPatch: false, http.MethodDelete: false,
	} {
		t.Run(method, func(t *testing.T) {
			fence, below := NewFence(clocktesting.NewFakePassiveClock(start)), &sent{}
			content := &body{Reader: strings.NewReader("{}")}
			send := func() error {
				request, err := http.NewRequestWithContext(t.Context(), method, "https://host/api", content)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := fence.Transport(below).RoundTrip(request)
				if err == nil {
					_ = answer.Body.Close()
				}
				return err
			}
			if err := send(); reads != (err == nil) || err != nil && !errors.Is(err, ErrNotLeading) {
				t.Errorf("the closed fence gives %v", err)
			}
			if content.closed == reads || reads != (below.requests == 1) {
				t.Errorf("the body is closed: %t, %d requests were sent", content.closed, below.requests)
			}
			fence.open(start.Add(1))
			if err := send(); err != nil {
				t.Errorf("the open fence gives %v", err)
			}
		})
	}
	if below := (&sent{}); (*Fence)(nil).Transport(below) != http.RoundTripper(below) {
		t.Error("where nobody else is, there is something between")
	}
}
