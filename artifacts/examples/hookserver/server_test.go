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

package hookserver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/artifacts/examples/hookserver"
)

func hooks(string) http.Handler {
	return hookserver.Handle(func(observed *map[string]string) (map[string]string, error) { return *observed, nil })
}

// The hook says where it listens, serves there, and ends when told to.
func TestServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	told := ""
	go func() {
		ended <- hookserver.Serve(ctx, "127.0.0.1:0", writer, func(address string) http.Handler {
			told = address
			return hooks(address)
		})
	}()

	var address string
	if _, err := fmt.Fscanf(reader, "listening on %s\n", &address); err != nil {
		t.Fatal(err)
	}
	if told != address {
		t.Errorf("the hook was told that it listens on %q, which is %q", told, address)
	}
	response, err := http.Post("http://"+address+"/sync", "application/json", strings.NewReader(`{"a":"b"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", response.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Serve() = %v, want nil", err)
	}
	if err := hookserver.Serve(t.Context(), "no such address", io.Discard, hooks); err == nil {
		t.Error("Serve() on a bad address = nil, want an error")
	}
}
