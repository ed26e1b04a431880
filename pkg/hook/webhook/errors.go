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
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/hookplane/hookplane/pkg/hook"
)

// failed returns the error for a call that ended without a usable answer. When the call's context ended, that is the
// reason, whatever net/http made of it.
func (w *Webhook) failed(ctx context.Context, status int, err error) error {
	if ended := ctx.Err(); ended != nil {
		err = context.Cause(ctx)
		if !errors.Is(err, ended) {
			err = fmt.Errorf("%w: %w", ended, err)
		}
	}
	if status == 0 {
		err = w.explain(err)
	}
	return &hook.CallError{URL: w.target.name, Status: status, Err: err}
}

// explain adds what to look at to errors of calls without an answer, whose own words leave a hook's author alone.
func (w *Webhook) explain(err error) error {
	dnsErr, isDNS := errors.AsType[*net.DNSError](err)
	tlsErr, isTLS := errors.AsType[tls.RecordHeaderError](err)
	_, unknownAuthority := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: nothing listens there", err)
	case isDNS && dnsErr.IsNotFound && w.target.service:
		return fmt.Errorf("%w: is there such a Service? Where there is no cluster DNS, --hook-service-resolution=api looks it up in the API", err)
	case isTLS && string(tlsErr.RecordHeader[:]) == "HTTP/":
		return fmt.Errorf("%w: the server speaks plain HTTP", err)
	case unknownAuthority:
		return fmt.Errorf("%w: caBundle says which authorities are trusted", err)
	case strings.Contains(err.Error(), "tls: certificate required"): // an alert, for which crypto/tls has no type
		return fmt.Errorf("%w: clientTLS says which certificate the server is shown", err)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the hook closed the connection without an answer: %w", err)
	default:
		return err
	}
}
