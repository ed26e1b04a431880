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
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/component-base/metrics"
	testclock "k8s.io/utils/clock/testing"

	"github.com/hookplane/hookplane/pkg/hook"
)

// answer is a hook that takes a second for it.
type answer struct {
	clock    *testclock.FakeClock
	response hook.Response
	err      error
	meantime func()
}

func (a *answer) Call(context.Context, hook.Request) (hook.Response, error) {
	a.clock.Step(time.Second)
	if a.meantime != nil {
		a.meantime()
	}
	return a.response, a.err
}

var testSeries = Series{Hook: Sync, URL: "http://hook/sync", ControllerName: "c", ControllerType: "CompositeController"}

func newMetrics(t *testing.T) (*Metrics, metrics.KubeRegistry, *testclock.FakeClock) {
	t.Helper()
	registry, clock := metrics.NewKubeRegistry(), testclock.NewFakeClock(time.Unix(0, 0))
	m, err := New(registry.Register, clock)
	if err != nil {
		t.Fatal(err)
	}
	return m, registry, clock
}

// series returns all series with their value, or what a histogram has counted and added up.
func series(t *testing.T, registry metrics.KubeRegistry) []string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		name, ours := strings.CutPrefix(family.GetName(), "metacontroller_")
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetName()+"="+label.GetValue())
			}
			value := fmt.Sprintf("%g", metric.GetCounter().GetValue()+metric.GetGauge().GetValue())
			if histogram := metric.GetHistogram(); histogram != nil {
				value = fmt.Sprintf("%d, %gs", histogram.GetSampleCount(), histogram.GetSampleSum())
			}
			if ours {
				lines = append(lines, name+" "+strings.Join(labels, " ")+": "+value)
			}
		}
	}
	return lines
}

func TestCall(t *testing.T) {
	const labels = " controller_name=c controller_type=CompositeController"
	const where = " url=http://hook/sync"
	inFlight := "sync_in_flight_requests" + labels + where + ": 0"
	counted := func(code string) string {
		return "sync_requests_total code=" + code + labels + " method=post" + where + ": 1"
	}
	duration := "sync_request_duration_histogram_seconds" + labels + " method=post" + where + ": 1, 1s"
	for name, tc := range map[string]struct {
		response hook.Response
		err      error
		want     []string
	}{
		"Answered":    {want: []string{inFlight, duration, counted("200")}},
		"NotModified": {response: hook.Response{NotModified: true}, want: []string{inFlight, duration, counted("304")}},
		"Refused":     {err: fmt.Errorf("calling: %w", &hook.CallError{Status: http.StatusBadGateway}), want: []string{inFlight, duration, counted("502")}},
		"Patience":    {err: &hook.RetryAfterError{}, want: []string{inFlight, duration, counted("429")}},
		"Unreachable": {err: &hook.CallError{}, want: []string{inFlight, counted("0")}},
		"Unavailable": {err: &hook.UnavailableError{}, want: []string{inFlight}},
	} {
		t.Run(name, func(t *testing.T) {
			m, registry, clock := newMetrics(t)
			inner := &answer{clock: clock, response: tc.response, err: tc.err}
			inner.meantime = func() {
				want := []string{strings.Replace(inFlight, ": 0", ": 1", 1)}
				if diff := cmp.Diff(want, series(t, registry)); diff != "" {
					t.Errorf("during the call: -want, +got:\n%s", diff)
				}
			}
			h := m.Wrap(inner, testSeries)
			defer hook.Set{h}.Open(t.Context())()
			response, err := h.Call(t.Context(), hook.Request{})
			if diff := cmp.Diff(tc.response, response); diff != "" || err != tc.err { //nolint:errorlint // it is passed on as it is
				t.Errorf("the caller got another answer than the hook gave: %v, -want, +got:\n%s", err, diff)
			}
			if diff := cmp.Diff(tc.want, series(t, registry)); diff != "" {
				t.Errorf("-want, +got:\n%s", diff)
			}
		})
	}
}

// TestLife has series go with the last hook that is counted in them.
func TestLife(t *testing.T) {
	m, registry, clock := newMetrics(t)
	moved := testSeries
	moved.URL = "http://hook/elsewhere"
	open := func(series Series) (closeHook func()) {
		h := m.Wrap(&answer{clock: clock}, series)
		closeHook = hook.Set{h}.Open(t.Context())
		if _, err := h.Call(t.Context(), hook.Request{}); err != nil {
			t.Fatal(err)
		}
		return closeHook
	}
	has := func(phase string, want ...string) {
		t.Helper()
		got := series(t, registry)
		for _, url := range []string{testSeries.URL, moved.URL} {
			found, wanted := strings.Contains(strings.Join(got, "\n"), "url="+url+":"), strings.Contains(strings.Join(want, "\n"), url)
			if found != wanted {
				t.Errorf("%s: series with the url %s: %t, want %t, in\n%s", phase, url, found, wanted, strings.Join(got, "\n"))
			}
		}
	}
	first := open(testSeries)
	second := open(testSeries) // the controller was changed elsewhere, and runs twice for a moment
	first()
	has("replaced", testSeries.URL)
	third := open(moved)
	has("replaced by one with another URL", testSeries.URL, moved.URL)
	second()
	has("moved", moved.URL)
	third()
	has("gone")
}

// TestConnecting looks at what only a real connection tells.
func TestConnecting(t *testing.T) {
	m, registry, _ := newMetrics(t)
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	url := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // whom the server's certificate is for
	t.Cleanup(transport.CloseIdleConnections)
	h := m.Wrap(hookFunc(func(ctx context.Context, _ hook.Request) (hook.Response, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
		if err != nil {
			return hook.Response{}, err
		}
		answer, err := transport.RoundTrip(request)
		if err == nil {
			err = answer.Body.Close()
		}
		return hook.Response{}, err
	}), testSeries)
	closeHook := hook.Set{h}.Open(t.Context())
	if _, err := h.Call(t.Context(), hook.Request{}); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(series(t, registry), "\n")
	for _, want := range []string{
		"sync_dns_duration_histogram_seconds controller_name=c controller_type=CompositeController event=dns_start",
		"sync_dns_duration_histogram_seconds controller_name=c controller_type=CompositeController event=dns_done",
		"sync_tls_duration_histogram_seconds controller_name=c controller_type=CompositeController event=tls_handshake_start",
		"sync_tls_duration_histogram_seconds controller_name=c controller_type=CompositeController event=tls_handshake_done",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no series %s in\n%s", want, got)
		}
	}
	closeHook()
	h.(*Hook).trace().TLSHandshakeStart() // a connection that the closed hook asked for
	if diff := cmp.Diff([]string(nil), series(t, registry)); diff != "" {
		t.Errorf("after the hook was closed: -want, +got:\n%s", diff)
	}
}

type hookFunc func(context.Context, hook.Request) (hook.Response, error)

func (f hookFunc) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	return f(ctx, request)
}

func TestUncounted(t *testing.T) {
	m, _, clock := newMetrics(t)
	inner := &answer{clock: clock}
	if got := m.Wrap(inner, Series{Hook: "preUpdateChild"}); got != hook.Hook(inner) {
		t.Errorf("a hook without metrics was wrapped: %T", got)
	}
}
