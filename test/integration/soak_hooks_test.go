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

package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// soakRequest is what a hook of any kind is sent.
type soakRequest struct {
	Parent      object                       `json:"parent"`
	Children    map[string]map[string]object `json:"children"`
	Object      object                       `json:"object"`
	Attachments map[string]map[string]object `json:"attachments"`
	Related     map[string]map[string]object `json:"related"`
}

// askForShared is what customize hooks answer.
func askForShared() any {
	return object{"relatedResources": []object{{"apiVersion": "v1", "resource": "configmaps", "names": []string{soakShared}}}}
}

// shared is the value of the related object.
func (r *soakRequest) shared() string {
	return nested[string](r.Related["ConfigMap.v1"][soakShared], "data", "value")
}

func countAll(objects map[string]map[string]object) int {
	count := 0
	for _, group := range objects {
		count += len(group)
	}
	return count
}

// soakHooks are the hooks of all controllers, below /<controller>/<hook>.
type soakHooks struct {
	answers map[string]func(hook string, in *soakRequest) any // by controller

	mu      sync.Mutex
	failing bool
	dice    *rand.Rand
	calls   int
}

func newSoakHooks(seed uint64) *soakHooks {
	return &soakHooks{answers: map[string]func(string, *soakRequest) any{}, dice: rand.New(rand.NewPCG(seed, 0))}
}

// misbehave has the hooks fail at random, or not.
func (h *soakHooks) misbehave(failing bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing = failing
}

// count returns how often a hook was called.
func (h *soakHooks) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

// roll counts a call and decides how it fails: the number is below 100, and 99 when nothing fails.
func (h *soakHooks) roll() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls++
	if !h.failing {
		return 99
	}
	return h.dice.IntN(100)
}

func (h *soakHooks) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // all of it, so that the end of the connection is noticed
	if err != nil {
		return
	}
	switch roll := h.roll(); {
	case roll < 5:
		http.Error(w, "the dice say so", http.StatusInternalServerError)
	case roll < 8:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case roll < 10:
		<-r.Context().Done() // until its timeout
	case roll < 12:
		fmt.Fprint(w, "<html>")
	case roll < 14:
		fmt.Fprint(w, `{"children":[{"apiVersion":"v1"`)
	case roll < 16:
		panic(http.ErrAbortHandler)
	case roll < 22:
		time.Sleep(500 * time.Millisecond)
		h.answer(w, r, body)
	default:
		h.answer(w, r, body)
	}
}

// answer answers as a hook should.
func (h *soakHooks) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	var in soakRequest
	if err := json.Unmarshal(body, &in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	controller, hook, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(h.answers[controller](hook, &in)) // the caller may be gone
}
