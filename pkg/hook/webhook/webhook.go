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
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
	"github.com/hookplane/hookplane/pkg/span"
)

// Options are what all webhooks of a process share.
type Options struct {
	// Transport has the connections. Required. The caller closes it.
	Transport *Transport
	// Credentials has the Secrets and ConfigMaps that webhooks refer to. Required.
	Credentials *credentials.Store
	// UserAgent is sent with every call: "hookplane/<version>". Required.
	UserAgent string
	// Clock tells how far away the date of a Retry-After is. Default: the system's.
	Clock clock.PassiveClock
}

// Webhook calls one hook over HTTP. It may be called concurrently.
type Webhook struct {
	target    target
	security  credentials.Spec
	timeout   time.Duration
	timedOut  error // why a call ends when the timeout passed
	transport *Transport
	store     *credentials.Store
	userAgent string
	clock     clock.PassiveClock
	session   atomic.Pointer[session] // nil unless open
}

var (
	_ hook.Hook   = &Webhook{}
	_ hook.Opener = &Webhook{}
)

// New returns the executor for a hook's webhook, which it must have. Errors name the field that is wrong. The webhook must be
// opened before it can be called.
func New(spec hook.Spec, opts Options) (*Webhook, error) {
	path, webhook := spec.Path.Child("webhook"), spec.Hook.Webhook
	target, err := targetOf(webhook)
	if err != nil {
		return nil, fmt.Errorf("%s.%w", path, err)
	}
	timeout, err := timeoutOf(webhook)
	if err != nil {
		return nil, fmt.Errorf("%s.%w", path, err)
	}
	if opts.Transport == nil || opts.Credentials == nil || opts.UserAgent == "" {
		return nil, errors.New("a webhook needs a transport, a store of credentials and a user agent")
	}
	if opts.Clock == nil {
		opts.Clock = clock.RealClock{}
	}
	return &Webhook{
		target:    target,
		security:  securityOf(path, webhook, target, spec.Endpoints),
		timeout:   timeout,
		timedOut:  fmt.Errorf("no answer within its timeout of %s: %w", timeout, context.DeadlineExceeded),
		transport: opts.Transport,
		store:     opts.Credentials,
		userAgent: opts.UserAgent,
		clock:     opts.Clock,
	}, nil
}

func timeoutOf(spec *v1alpha1.Webhook) (time.Duration, error) {
	if spec.Timeout == "" {
		return metacontroller.DefaultWebhookTimeout, nil
	}
	timeout, err := time.ParseDuration(spec.Timeout)
	if err != nil {
		return 0, fmt.Errorf("timeout: %w", err)
	}
	if timeout <= 0 {
		return 0, fmt.Errorf("timeout: %s is not longer than 0", timeout)
	}
	return timeout, nil
}

// URL returns what is called, without its query, which may hold secrets.
func (w *Webhook) URL() string { return w.target.name }

// Call implements hook.Hook. The timeout covers everything from connecting to the last byte of the answer.
func (w *Webhook) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	session := w.session.Load()
	if session == nil {
		return hook.Response{}, &hook.CallError{URL: w.target.name, Err: errNotOpen}
	}
	use, err := session.begin()
	if err != nil {
		return hook.Response{}, err
	}
	defer use.end()
	ctx, cancel := context.WithTimeoutCause(ctx, w.timeout, w.timedOut)
	defer cancel()
	httpRequest, err := w.newRequest(ctx, request, use)
	if err != nil {
		return hook.Response{}, w.failed(ctx, 0, use.credentials.RedactError(err))
	}
	// The transport itself, not an http.Client around it: a client would follow redirects and keep cookies.
	answer, err := use.connections.RoundTrip(httpRequest)
	if err != nil {
		return hook.Response{}, w.failed(ctx, 0, use.credentials.RedactError(err))
	}
	defer answer.Body.Close()
	use.connections.learnEncodings(answer)
	switch {
	case answer.StatusCode == http.StatusOK:
	case request.IfNoneMatch != "" && (answer.StatusCode == http.StatusNotModified || answer.StatusCode == http.StatusPreconditionFailed):
		_, _ = io.CopyN(io.Discard, answer.Body, maxDrainBytes)
		return hook.Response{NotModified: true, Redact: use.credentials.Redactor()}, nil
	default:
		return hook.Response{}, w.refused(answer, use.credentials)
	}
	body, err := readAnswer(answer)
	if err != nil {
		return hook.Response{}, w.failed(ctx, answer.StatusCode, use.credentials.RedactError(err))
	}
	return hook.Response{Body: body, ETag: answer.Header.Get("ETag"), Redact: use.credentials.Redactor()}, nil
}

func (w *Webhook) newRequest(ctx context.Context, call hook.Request, with use) (*http.Request, error) {
	body, encoding := with.connections.encode(call.Body)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.target.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", w.userAgent)
	for name, value := range map[string]string{
		"Authorization":    with.credentials.Authorization,
		"Content-Encoding": encoding,
		"If-None-Match":    call.IfNoneMatch,
	} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	span.Inject(ctx, request.Header)
	// A hook's answer depends on the request alone, so a call may be repeated when a kept connection turns out to be dead.
	// An empty entry tells that to net/http, and is not sent.
	request.Header["Idempotency-Key"] = nil
	return request, nil
}
