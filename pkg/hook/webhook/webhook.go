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
	"net/http"
	"time"

	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
)

// Options are what all webhooks of a process share.
type Options struct {
	// Transport has the connections. Required. The caller closes it.
	Transport *Transport
	// UserAgent is sent with every call: "hookplane/<version>". Required.
	UserAgent string
	// Clock tells how far away the date of a Retry-After is. Default: the system's.
	Clock clock.PassiveClock
}

// Webhook calls one hook over HTTP. It may be called concurrently.
type Webhook struct {
	target    target
	timeout   time.Duration
	timedOut  error // why a call ends when the timeout passed
	transport http.RoundTripper
	userAgent string
	clock     clock.PassiveClock
}

var _ hook.Hook = &Webhook{}

// New returns the executor for a hook's webhook, which it must have. Errors name the field that is wrong; one that this version
// does not support is an *UnsupportedError.
func New(spec hook.Spec, opts Options) (*Webhook, error) {
	path, webhook := spec.Path.Child("webhook"), spec.Hook.Webhook
	target, err := targetOf(webhook)
	if err != nil {
		return nil, fmt.Errorf("%s.%w", path, err)
	}
	if err := checkSupported(path, webhook, securityOf(path, webhook, target, spec.Endpoints)); err != nil {
		return nil, err
	}
	timeout, err := timeoutOf(webhook)
	if err != nil {
		return nil, fmt.Errorf("%s.%w", path, err)
	}
	if opts.Transport == nil || opts.UserAgent == "" {
		return nil, errors.New("a webhook needs a transport and a user agent")
	}
	if opts.Clock == nil {
		opts.Clock = clock.RealClock{}
	}
	return &Webhook{
		target:    target,
		timeout:   timeout,
		timedOut:  fmt.Errorf("no answer within its timeout of %s: %w", timeout, context.DeadlineExceeded),
		transport: opts.Transport.roundTripper(target),
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

// URL returns what is called.
func (w *Webhook) URL() string { return w.target.url }

// Call implements hook.Hook. The timeout covers everything from connecting to the last byte of the answer.
func (w *Webhook) Call(ctx context.Context, request hook.Request) (hook.Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, w.timeout, w.timedOut)
	defer cancel()
	httpRequest, err := w.newRequest(ctx, request.Body)
	if err != nil {
		return hook.Response{}, w.failed(ctx, 0, err)
	}
	// The transport itself, not an http.Client around it: a client would follow redirects and keep cookies.
	answer, err := w.transport.RoundTrip(httpRequest)
	if err != nil {
		return hook.Response{}, w.failed(ctx, 0, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return hook.Response{}, w.refused(answer)
	}
	body, err := readAnswer(answer)
	if err != nil {
		return hook.Response{}, w.failed(ctx, answer.StatusCode, err)
	}
	return hook.Response{Body: body}, nil
}

func (w *Webhook) newRequest(ctx context.Context, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.target.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", w.userAgent)
	// A hook's answer depends on the request alone, so a call may be repeated when a kept connection turns out to be dead.
	// An empty entry tells that to net/http, and is not sent.
	request.Header["Idempotency-Key"] = nil
	return request, nil
}
