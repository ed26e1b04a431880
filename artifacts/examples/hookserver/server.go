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

// Package hookserver puts the hooks of the examples on the network: a hook is a function, and what is around it is the same for
// all of them.
//
// It must not know what any of them decides.
package hookserver

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Main is the main function of a hook: it serves what hooks returns for the address that the server has got, until the process is told to
// end. It parses the flags, -listen and those that the caller has defined.
func Main(hooks func(address string) http.Handler) {
	listen := flag.String("listen", ":8080", "`address` to listen on; with port 0 a free port is taken")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := Serve(ctx, *listen, os.Stdout, hooks); err != nil {
		log.Fatal(err)
	}
}

// Serve answers calls until ctx ends, and finishes those that are running then. It prints the address it listens on.
func Serve(ctx context.Context, listen string, out io.Writer, hooks func(address string) http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: hooks(listener.Addr().String()), ReadHeaderTimeout: 5 * time.Second}
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

// Handle answers calls of Hookplane with what decide says. An error of it becomes an event on the object that the call is about.
func Handle[Request, Response any](decide func(*Request) (Response, error)) http.Handler {
	return HandleContext(func(_ context.Context, observed *Request) (Response, error) { return decide(observed) })
}

// HandleContext is Handle for a function that asks others, which ends when the call does.
func HandleContext[Request, Response any](decide func(context.Context, *Request) (Response, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		observed := new(Request)
		if err := json.NewDecoder(r.Body).Decode(observed); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		desired, err := decide(r.Context(), observed)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		Answer(w, desired)
	})
}

// Answer writes an answer as JSON.
func Answer(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Print(err)
	}
}
