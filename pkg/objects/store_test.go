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

package objects

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/ktesting"
	clocktesting "k8s.io/utils/clock/testing"
)

func TestStoreErrIsWhatTheAPISays(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "", errors.New("no rights"))
	cases := map[string]struct {
		err *apierrors.StatusError
		is  func(error) bool
	}{
		"Forbidden": {forbidden, apierrors.IsForbidden},
		"NotFound": {
			errNotServed, apierrors.IsNotFound,
		},
		"Unavailable": {apierrors.NewServiceUnavailable("down for now"), apierrors.IsServiceUnavailable},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			api := newAPIServer(t)
			api.put(configMapsPath, configMap("ns", "a", "1"))
			api.setRefuse(func(r *http.Request) *apierrors.StatusError {
				if r.URL.Path != configMapsPath {
					return nil
				}
				return tc.err
			})
			logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.BufferLogs(true), ktesting.Verbosity(1)))
			s := runCache(t, api).Open(klog.NewContext(t.Context(), logger), configMaps)
			t.Cleanup(s.Close)
			eventually(t, "four attempts failed", func() bool { return api.requested(configMapsPath) >= 8 })
			if err := s.Err(); !tc.is(err) || !strings.Contains(err.Error(), tc.err.ErrStatus.Message) {
				t.Errorf("Err: got %v, want %v", err, tc.err)
			}
			if s.HasSynced() {
				t.Error("HasSynced: got true before anything was listed")
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := s.WaitForSync(ctx); !tc.is(err) || !errors.Is(err, context.Canceled) {
				t.Errorf("WaitForSync: got %v, want both errors", err)
			}
			api.setRefuse(nil)
			eventually(t, "the store has recovered", func() bool { return s.HasSynced() && s.Err() == nil })
			log := logger.GetSink().(ktesting.Underlier).GetBuffer().String()
			if got := strings.Count(log, "\n"); got != 2 {
				t.Errorf("logged %d lines, want one when it began and one when it ended:\n%s", got, log)
			}
		})
	}
}

func TestStoreSurvivesGarbage(t *testing.T) {
	api := newAPIServer(t)
	api.put(configMapsPath, configMap("ns", "a", "1"))
	s := openSynced(t, runCache(t, api))
	api.setRefuse(func(*http.Request) *apierrors.StatusError { return apierrors.NewServiceUnavailable("down") })
	api.mu.Lock()
	api.version++
	api.record(change{configMapsPath, "ADDED", manifest{"metadata": map[string]any{"name": 5}}, api.version, nil})
	api.mu.Unlock()
	eventually(t, "the failure is seen", func() bool { return s.Err() != nil })
	api.put(configMapsPath, configMap("ns", "b", "1"))
	api.setRefuse(nil)
	eventually(t, "the store has listed again", func() bool { return s.Get("ns", "b") != nil && s.Err() == nil })
}

// TestStoreCloseEndsBackoff stops the clock, so that whatever waits for it and for nothing else waits
// for ever.
func TestStoreCloseEndsBackoff(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c, err := NewCache(&rest.Config{Host: server.URL}, Options{Clock: clocktesting.NewFakeClock(time.Now())})
	if err != nil {
		t.Fatal(err)
	}
	s := c.Open(t.Context(), configMaps)
	eventually(t, "the refused connection is seen", func() bool { return s.Err() != nil })
	if got := s.Err().Error(); !strings.HasPrefix(got, "cannot reach the API server: ") || strings.Contains(got, "resourceVersion") {
		t.Errorf("Err: got %q, want it without the request's URL", got)
	}
	s.Close()
	eventually(t, "the watch has ended", func() bool {
		select {
		case <-s.informer.done:
			return true
		default:
			return false
		}
	})
}
