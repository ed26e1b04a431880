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
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/watch"
)

// slowToEnd is a response that ends some time after its request was cancelled.
type slowToEnd struct {
	ctx   context.Context //nolint:containedctx // as in an HTTP response
	ended atomic.Bool
}

func (s *slowToEnd) Read([]byte) (int, error) {
	<-s.ctx.Done()
	time.Sleep(20 * time.Millisecond)
	s.ended.Store(true)
	return 0, io.EOF
}

func (s *slowToEnd) Close() error { return nil }

func TestWatcherStopAwaitsTheReader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	body := &slowToEnd{ctx: ctx}
	w := newWatcher(body, cancel, testDecoder().item)
	go w.run(ctx)
	w.Stop()
	if !body.ended.Load() {
		t.Error("Stop returned while the response was still read")
	}
	w.Stop()
}

func TestWatcherEvents(t *testing.T) {
	const object = `{"metadata":{"name":"a","resourceVersion":"5"}}`
	cases := map[string]struct {
		frame    string
		want     watch.EventType
		wantFail string
	}{
		"Added":           {`{"type":"ADDED","object":` + object + `}`, watch.Added, ""},
		"ObjectFirst":     {`{"object":` + object + `,"more":[1],"type":"DELETED"}`, watch.Deleted, ""},
		"Bookmark":        {`{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5"}}}`, watch.Bookmark, ""},
		"Error":           {`{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}`, watch.Error, ""},
		"UnknownType":     {`{"type":"WOKEN","object":` + object + `}`, watch.Error, `unknown type "WOKEN"`},
		"NoObject":        {`{"type":"ADDED"}`, watch.Error, "JSON ends at byte 0"},
		"InvalidObject":   {`{"type":"ADDED","object":{"a":}}`, watch.Error, "expected a value"},
		"InvalidBookmark": {`{"type":"BOOKMARK","object":7}`, watch.Error, "cannot decode a bookmark"},
		"InvalidError":    {`{"type":"ERROR","object":7}`, watch.Error, "cannot unmarshal"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			failure := ""
			w := newWatcher(io.NopCloser(strings.NewReader(tc.frame)), cancel, testDecoder().item)
			w.onFailure = func(err error) { failure = err.Error() }
			go w.run(ctx)
			var got []watch.EventType
			for event := range w.ResultChan() {
				got = append(got, event.Type)
			}
			if len(got) != 1 || got[0] != tc.want {
				t.Errorf("events: got %v, want %v", got, tc.want)
			}
			if !strings.Contains(failure, tc.wantFail) || tc.wantFail == "" && failure != "" {
				t.Errorf("failure: got %q, want %q", failure, tc.wantFail)
			}
		})
	}
}
