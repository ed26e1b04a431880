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

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	certutil "k8s.io/client-go/util/cert"
)

// hookServer serves hooks, each under a path of its own, and counts their calls.
type hookServer struct {
	servers         [2]*http.Server // without and with TLS
	address, secure string          // where these listen
	authority       []byte          // PEM, of the certificate
	serving         sync.WaitGroup

	mu    sync.Mutex
	hooks map[string]*hook
}

// hook is one of them.
type hook struct {
	url, secureURL string // without and with TLS
	answer         func(body []byte) ([]byte, error)

	mu    sync.Mutex
	calls []time.Time // when each was answered
	bytes int         // of all requests
}

// startHook starts a server without hooks.
func startHook(ctx context.Context) (*hookServer, error) {
	listener, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	secure, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(secure.Addr().String()) // an address that was just made
	certificate, key, err := certutil.GenerateSelfSignedCertKey(host, nil, nil)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	s := &hookServer{address: listener.Addr().String(), secure: secure.Addr().String(), authority: certificate, hooks: map[string]*hook{}}
	for i := range s.servers { // one cannot do both: it would not speak HTTP/2 with TLS
		s.servers[i] = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	}
	s.servers[1].TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	s.serving.Go(func() { _ = s.servers[0].Serve(listener) }) // they end with stop
	s.serving.Go(func() { _ = s.servers[1].ServeTLS(secure, "", "") })
	return s, nil
}

func listen(ctx context.Context) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
}

func (s *hookServer) stop() {
	for _, server := range s.servers {
		_ = server.Close()
	}
	s.serving.Wait()
}

// add serves a hook under a name. answer is called by many goroutines at once.
func (s *hookServer) add(name string, answer func(body []byte) ([]byte, error)) *hook {
	h := &hook{url: "http://" + s.address + "/" + name, secureURL: "https://" + s.secure + "/" + name, answer: answer}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks["/"+name] = h
	return h
}

// ServeHTTP implements http.Handler.
func (s *hookServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	h := s.hooks[r.URL.Path]
	s.mu.Unlock()
	if h == nil {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		var answer []byte
		if answer, err = h.answer(body); err == nil {
			w.Header().Set("Content-Type", "application/json")
			w.Write(answer)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, time.Now())
	h.bytes += len(body)
}

// count returns how often the hook was called, and how much it was sent.
func (h *hook) count() (calls, bytes int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.calls), h.bytes
}

// await waits until the hook was called n times in all, at least once, and returns when it answered the n-th call.
func (h *hook) await(ctx context.Context, n int) (time.Time, error) {
	at := func() (time.Time, bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.calls) < n {
			return time.Time{}, false
		}
		return h.calls[n-1], true
	}
	var when time.Time
	err := eventually(ctx, func() error {
		var there bool
		if when, there = at(); !there {
			calls, _ := h.count()
			return fmt.Errorf("the hook was called %d times, want %d", calls, n)
		}
		return nil
	})
	return when, err
}
