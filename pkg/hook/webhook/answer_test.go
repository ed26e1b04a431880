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

package webhook_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/webhook"
)

func TestWebhookStatusCodes(t *testing.T) {
	tests := map[string]struct {
		status int
		header http.Header
		body   string
		want   string // message after the URL
	}{
		"Created":         {status: 201, body: "{}", want: ` answered 201 Created: the answer starts with "{}"`},
		"NoContent":       {status: 204, want: ` answered 204 No Content`},
		"Redirect":        {status: 302, header: http.Header{"Location": {"https://me:secret@elsewhere.example/sync?token=secret#secret"}}, want: ` answered 302 Found: redirects are not followed: make "https://elsewhere.example/sync" the hook's URL`},
		"RedirectKept":    {status: 308, header: http.Header{"Location": {"/other"}}, body: "gone", want: ` answered 308 Permanent Redirect: redirects are not followed: make "/other" the hook's URL: the answer starts with "gone"`},
		"NotModified":     {status: 304, want: ` answered 304 Not Modified`},
		"NotFound":        {status: 404, body: "404 page not found\n", want: ` answered 404 Not Found: the answer starts with "404 page not found"`},
		"Precondition":    {status: 412, want: ` answered 412 Precondition Failed`},
		"ServerError":     {status: 500, body: "boom\n\tat line 3\x00", want: " answered 500 Internal Server Error: the answer starts with \"boom at line 3\ufffd\""},
		"LongBody":        {status: 503, body: strings.Repeat("x", 100000), want: ` answered 503 Service Unavailable: the answer starts with "` + strings.Repeat("x", 512) + `"`},
		"LocationButDone": {status: 500, header: http.Header{"Location": {"/x"}}, want: ` answered 500 Internal Server Error`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				maps.Copy(w.Header(), tc.header)
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
			err := callFails(t, newWebhook(t, v1alpha1.Webhook{URL: server.URL + "/sync?token=secret"}, webhook.Options{}))
			if diff := cmp.Diff("hook "+server.URL+"/sync"+tc.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.status, err.Status); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWebhookRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]struct {
		header string
		want   time.Duration
	}{
		"Missing":       {header: "", want: time.Second},
		"Seconds":       {header: "7", want: 7 * time.Second},
		"Zero":          {header: "0", want: time.Second},
		"Negative":      {header: "-5", want: time.Second},
		"VeryNegative":  {header: "-99999999999999999999", want: time.Second},
		"TooLong":       {header: "86400", want: time.Hour},
		"WouldOverflow": {header: "9223372036854775807", want: time.Hour},
		"TooManyDigits": {header: "99999999999999999999", want: time.Hour},
		"Fraction":      {header: "1.5", want: time.Second},
		"Garbage":       {header: "soon", want: time.Second},
		"Date":          {header: "Fri, 02 Jan 2026 03:04:35 GMT", want: 30 * time.Second},
		"PastDate":      {header: "Fri, 02 Jan 2026 03:04:00 GMT", want: time.Second},
		"FarDate":       {header: "Fri, 02 Jan 2099 03:04:00 GMT", want: time.Hour},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if tc.header != "" {
					w.Header().Set("Retry-After", tc.header)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			})
			w := newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{Clock: clocktesting.NewFakePassiveClock(now)})
			_, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
			retry, ok := errors.AsType[*hook.RetryAfterError](err)
			if !ok {
				t.Fatalf("error is a %T, want *hook.RetryAfterError: %v", err, err)
			}
			if diff := cmp.Diff(&hook.RetryAfterError{URL: server.URL, After: tc.want}, retry); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// A redirect's target must not see the request.
func TestWebhookRedirectNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/secret", http.StatusTemporaryRedirect)
	})
	wantText(t, callFails(t, newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{})), elsewhere.URL+"/secret")
}

func TestWebhookGzip(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		_, _ = io.WriteString(zipped, `{"finalized":true}`)
		_ = zipped.Close()
	})
	response, err := newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{}).Call(t.Context(), hook.Request{Body: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"finalized":true}`, string(response.Body)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestWebhookAnswerSize(t *testing.T) {
	tests := map[string]struct {
		send func(w http.ResponseWriter)
		want string // "": success
	}{
		"JustFits":    {send: func(w http.ResponseWriter) { writeZeros(w, hook.MaxResponseBytes) }},
		"OneTooMany":  {send: func(w http.ResponseWriter) { writeZeros(w, hook.MaxResponseBytes+1) }, want: "larger than 32 MiB"},
		"Endless":     {send: func(w http.ResponseWriter) { writeZeros(w, 1<<40) }, want: "larger than 32 MiB"},
		"SaysTooMany": {send: func(w http.ResponseWriter) { w.Header().Set("Content-Length", "1099511627776") }, want: "larger than 32 MiB"},
		"GzipBomb": {
			send: func(w http.ResponseWriter) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(gzipBomb(t))
			},
			want: "larger than 32 MiB",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) { tc.send(w) })
			w := newWebhook(t, v1alpha1.Webhook{URL: server.URL}, webhook.Options{})
			if tc.want != "" {
				wantText(t, callFails(t, w), tc.want)
				return
			}
			response, err := w.Call(t.Context(), hook.Request{Body: []byte("{}")})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(hook.MaxResponseBytes, len(response.Body)); diff != "" {
				t.Errorf("length (-want +got):\n%s", diff)
			}
		})
	}
}

// writeZeros writes n bytes, or fewer when the client hangs up.
func writeZeros(w io.Writer, n int) {
	block := make([]byte, 1<<20)
	for n > 0 {
		written, err := w.Write(block[:min(n, len(block))])
		if err != nil {
			return
		}
		n -= written
	}
}

// gzipBomb returns some 50 KiB that decompress to more than the limit: one gzipped MiB after the other.
func gzipBomb(t *testing.T) []byte {
	t.Helper()
	var member bytes.Buffer
	zipped := gzip.NewWriter(&member)
	writeZeros(zipped, 1<<20)
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(member.Bytes(), hook.MaxResponseBytes>>20+1)
}

// What arrives from servers that do not speak HTTP as they should.
func TestWebhookBrokenAnswers(t *testing.T) {
	tests := map[string]struct {
		raw  string // what the server sends before it closes the connection
		want []string
	}{
		"Nothing":          {raw: "", want: []string{"closed the connection without an answer"}},
		"NotHTTP":          {raw: "SSH-2.0-OpenSSH_9.6\r\n\r\n", want: []string{"malformed HTTP response"}},
		"TruncatedBody":    {raw: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":", want: []string{"answered 200 OK", "after 5 bytes", "unexpected EOF"}},
		"TruncatedChunk":   {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", want: []string{"unexpected EOF"}},
		"GarbledGzip":      {raw: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nnot gzipped!", want: []string{"gzip: invalid header"}},
		"UnknownEncoding":  {raw: "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", want: []string{`Content-Encoding "br"`}},
		"TooLargeHeader":   {raw: "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 100000) + "\r\n\r\n", want: []string{"exceeded"}},
		"FailureThenClose": {raw: "HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nbroken", want: []string{`answered 500 Internal Server Error: the answer starts with "broken"`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			url := serveRaw(t, tc.raw)
			err := callFails(t, newWebhook(t, v1alpha1.Webhook{URL: url}, webhook.Options{}))
			wantText(t, err, append(tc.want, url)...)
		})
	}
}

// serveRaw answers every connection's first request with raw bytes and closes.
func serveRaw(t *testing.T, raw string) (url string) {
	t.Helper()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, raw)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	})
	return server.URL
}
