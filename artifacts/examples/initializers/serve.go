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
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/hookplane/hookplane/apis/hook"
)

// refusal is what whoever creates an object is told. Other errors are failures of the hook.
type refusal struct{ message string }

func (r *refusal) Error() string { return r.message }

// handler answers calls of Hookplane with the object as the initializer has left it.
func handler(initialize initializer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request hook.InitializeRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request.Object == nil {
			http.Error(w, fmt.Sprintf("not a request of Hookplane: %v", err), http.StatusBadRequest)
			return
		}
		var response hook.InitializeResponse
		err := initialize(&request)
		if refused, ok := errors.AsType[*refusal](err); ok {
			response.Refuse("%s", refused.message)
			err = nil
		} else if err == nil {
			err = response.SetObject(request.Object)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(response); err != nil {
			log.Print(err)
		}
	})
}

// serve answers calls until ctx ends, and finishes those that are running then. It prints the address it listens on.
func serve(ctx context.Context, listen string, out io.Writer, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "listening on", listener.Addr())

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = server.Shutdown(ending)
	if served := <-served; !errors.Is(served, http.ErrServerClosed) {
		return served
	}
	return err
}
