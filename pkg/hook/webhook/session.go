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
	"context"
	"errors"
	"sync"

	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
)

// errNotOpen is a mistake of the caller's.
var errNotOpen = errors.New("the hook is called outside of its controller's life")

// session is what a webhook has between Open and close.
type session struct {
	webhook *Webhook
	source  *credentials.Source

	mu          sync.Mutex
	closed      bool
	credentials *credentials.Credentials // that connections belong to
	connections *connections             // nil before the first call
}

// use is what one call needs.
type use struct {
	credentials *credentials.Credentials
	connections *connections
}

// Open implements hook.Opener: it watches what the webhook refers to, and keeps its connections between calls.
func (w *Webhook) Open(ctx context.Context) (closeHook func()) {
	s := &session{webhook: w, source: w.store.Open(ctx, w.security)}
	w.session.Store(s)
	return s.close
}

// Err implements hook.Opener.
func (w *Webhook) Err() error {
	if s := w.session.Load(); s != nil {
		return s.source.Err()
	}
	return nil
}

// Wait implements hook.Opener.
func (w *Webhook) Wait(ctx context.Context) error {
	if s := w.session.Load(); s != nil {
		return s.source.Wait(ctx)
	}
	return errNotOpen
}

// begin returns what a call needs now; end gives it back. When credentials have changed, the connections that were made with
// the former ones are closed as soon as their calls end.
func (s *session) begin() (use, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return use{}, &hook.CallError{URL: s.webhook.target.name, Err: errNotOpen}
	}
	now, err := s.source.Current()
	if err != nil {
		return use{}, err
	}
	if s.credentials != now {
		last := s.connections
		s.credentials, s.connections = now, s.webhook.transport.acquire(s.webhook.target, now)
		if last != nil {
			last.release()
		}
	}
	s.connections.retain()
	return use{now, s.connections}, nil
}

func (u use) end() { u.connections.release() }

// close ends the watches, and the connections that no other webhook and no running call uses.
func (s *session) close() {
	s.webhook.session.CompareAndSwap(s, nil)
	s.source.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.connections != nil {
		s.connections.release()
		s.connections = nil
	}
}
