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

package meter

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strconv"

	"github.com/hookplane/hookplane/pkg/hook"
)

// method is how hooks are called, written as Metacontroller writes it.
const method = "post"

// Hook is a hook whose calls are counted. It must be open while it is called.
type Hook struct {
	hook.Hook
	metrics *Metrics
	series  Series
}

var (
	_ hook.Hook   = &Hook{}
	_ hook.Opener = &Hook{}
)

// Unwrap returns the hook that is called. See hook.Set.
func (h *Hook) Unwrap() hook.Hook { return h.Hook }

// Call implements hook.Hook.
func (h *Hook) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	collectors, labels := h.metrics.hooks[h.series.Hook], h.series.labels()
	inFlight := collectors.inFlight.With(labels)
	inFlight.Inc()
	defer inFlight.Dec()
	start := h.metrics.clock.Now()
	response, err := h.Hook.Call(httptrace.WithClientTrace(ctx, h.trace()), request)
	code, called := codeOf(response, err)
	if !called {
		return response, err
	}
	counted := h.series.with(labelMethod, method)
	if code != 0 {
		collectors.duration.With(counted).Observe(h.metrics.clock.Since(start).Seconds())
	}
	counted[labelCode] = strconv.Itoa(code)
	collectors.requests.With(counted).Inc()
	return response, err
}

// trace tells when a call, which starts now, is how far. A call on a connection that was kept does neither.
func (h *Hook) trace() *httptrace.ClientTrace {
	collectors, start := h.metrics.hooks[h.series.Hook], h.metrics.clock.Now()
	dns := func(event string) { h.metrics.reached(collectors.dns, h.series, event, start) }
	handshake := func(event string) { h.metrics.reached(collectors.tls, h.series, event, start) }
	return &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { dns("dns_start") },
		DNSDone:           func(httptrace.DNSDoneInfo) { dns("dns_done") },
		TLSHandshakeStart: func() { handshake("tls_handshake_start") },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { handshake("tls_handshake_done") },
	}
}

// codeOf returns the status of the answer, 0 when there was none. called is false when the hook was not even asked.
func codeOf(response hook.Response, err error) (code int, called bool) {
	var refused *hook.CallError
	var later *hook.RetryAfterError
	var unavailable *hook.UnavailableError
	switch {
	case err == nil && response.NotModified:
		return http.StatusNotModified, true
	case err == nil:
		return http.StatusOK, true
	case errors.As(err, &refused):
		return refused.Status, true
	case errors.As(err, &later):
		return http.StatusTooManyRequests, true
	case errors.As(err, &unavailable):
		return 0, false
	default:
		return 0, true
	}
}

// Open implements hook.Opener.
func (h *Hook) Open(context.Context) (closeHook func()) {
	h.metrics.open(h.series)
	return func() { h.metrics.close(h.series) }
}

// Err implements hook.Opener.
func (h *Hook) Err() error { return nil }

// Wait implements hook.Opener.
func (h *Hook) Wait(context.Context) error { return nil }
