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
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandle(t *testing.T) {
	tests := map[string]struct {
		body       string
		wantStatus int
		wantBody   string
	}{
		"Object":   {body: overspent, wantStatus: 200, wantBody: `"status":`},
		"NoObject": {body: `{}`, wantStatus: 422, wantBody: "the request has no object"},
		"NotJSON":  {body: `hello`, wantStatus: 400, wantBody: "invalid character"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			handle(sync)(recorder, httptest.NewRequest(http.MethodPost, "/sync", strings.NewReader(tc.body)))
			if recorder.Code != tc.wantStatus || !strings.Contains(recorder.Body.String(), tc.wantBody) {
				t.Errorf("answer %d %q, want %d with %q", recorder.Code, recorder.Body, tc.wantStatus, tc.wantBody)
			}
		})
	}
}

// The hook says where it listens, serves there, and ends when told to.
func TestServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, "127.0.0.1:0", writer) }()

	var address string
	if _, err := fmt.Fscanf(reader, "listening on %s\n", &address); err != nil {
		t.Fatal(err)
	}
	response, err := http.Post("http://"+address+"/sync", "application/json", strings.NewReader(overspent))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", response.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("serve() = %v, want nil", err)
	}
	if err := serve(t.Context(), "no such address", io.Discard); err == nil {
		t.Error("serve() on a bad address = nil, want an error")
	}
}
