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
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

const (
	// soakChildren is how many ConfigMaps a parent has at most, in each namespace; it has one Secret, too.
	soakChildren = 4
	// soakShared is the ConfigMap of each namespace that customize hooks ask for.
	soakShared = "shared"
)

// soakKind is a parent resource of the soak and how its controller is made.
type soakKind struct {
	kind
	name        string
	method      v1alpha1.ChildUpdateMethod
	ownSelector bool // spec.selector of the parent, not one that is generated
	finalizes   bool
	follows     bool // a related object, by a customize hook
	cluster     bool // no namespace; children in all namespaces of the soak
}

func soakKinds() []soakKind {
	return []soakKind{
		{name: "soaker", method: v1alpha1.ChildUpdateInPlace},
		{name: "soakmaker", method: v1alpha1.ChildUpdateRecreate, ownSelector: true},
		{name: "soakkeeper", method: v1alpha1.ChildUpdateOnDelete},
		{name: "soakender", method: v1alpha1.ChildUpdateInPlace, finalizes: true, ownSelector: true},
		{name: "soakfollower", method: v1alpha1.ChildUpdateInPlace, follows: true},
		{name: "soakruler", method: v1alpha1.ChildUpdateRecreate, cluster: true, finalizes: true},
	}
}

// configure makes the controller one of this kind, with hooks below the URL base.
func (k *soakKind) configure(spec *v1alpha1.CompositeControllerSpec, base string) {
	hook := func(name string) *v1alpha1.Hook {
		return &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{URL: base + "/" + k.Resource + "/" + name, Timeout: "3s"}}
	}
	generate := !k.ownSelector
	spec.GenerateSelector = &generate
	strategy := &v1alpha1.ChildUpdateStrategy{Method: k.method}
	spec.ChildResources = []v1alpha1.ChildResourceRule{
		{APIVersion: "v1", Resource: "configmaps", UpdateStrategy: strategy}, {APIVersion: "v1", Resource: "secrets", UpdateStrategy: strategy},
	}
	spec.Hooks.Sync = hook("sync")
	if k.finalizes {
		spec.Hooks.Finalize = hook("finalize")
	}
	if k.follows {
		spec.Hooks.Customize = hook("customize")
	}
}

func (k *soakKind) parentName(n int) string { return fmt.Sprintf("%s-%d", k.name, n) }

// desired is what the hooks want for a parent. shared is the value of the related object.
func (k *soakKind) desired(parent object, namespaces []string, shared string) []object {
	name, spec := nested[string](parent, "metadata", "name"), nested[object](parent, "spec")
	data := object{"value": spec["value"]}
	if extra, ok := spec["extra"]; ok {
		data["extra"] = extra
	}
	if k.follows {
		data["shared"] = shared
	}
	if !k.cluster {
		namespaces = []string{nested[string](parent, "metadata", "namespace")}
	}
	count, _ := strconv.Atoi(nested[string](spec, "count")) // of our own making
	var children []object
	for _, namespace := range namespaces {
		for n := range count {
			children = append(children, configMap(fmt.Sprintf("%s-%d", name, n), data))
		}
		secret := base64.StdEncoding.EncodeToString([]byte(nested[string](spec, "value")))
		children = append(children, object{"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": name}, "data": object{"value": secret}})
		for _, child := range children[len(children)-count-1:] {
			metadata := nested[object](child, "metadata")
			metadata["namespace"] = namespace
			if k.ownSelector {
				metadata["labels"] = object{"soak": name}
			}
		}
	}
	return children
}

// soakHooks are the hooks of all kinds, below /<resource>/<hook>.
type soakHooks struct {
	namespaces []string
	kinds      map[string]*soakKind // by resource

	mu      sync.Mutex
	failing bool
	dice    *rand.Rand
	calls   int
}

func newSoakHooks(seed uint64) *soakHooks {
	return &soakHooks{kinds: map[string]*soakKind{}, dice: rand.New(rand.NewPCG(seed, 0))}
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
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	resource, hook, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	k, observed := h.kinds[resource], len(in.Children["ConfigMap.v1"])+len(in.Children["Secret.v1"])
	var answer any
	switch hook {
	case "customize":
		answer = object{"relatedResources": []object{{"apiVersion": "v1", "resource": "configmaps", "names": []string{soakShared}}}}
	case "finalize":
		answer = response{Status: object{"phase": "Ending"}, Finalized: observed == 0}
	default:
		shared := nested[string](in.Related["ConfigMap.v1"][soakShared], "data", "value")
		answer = response{
			Children: k.desired(in.Parent, h.namespaces, shared),
			Status:   object{"value": nested[string](in.Parent, "spec", "value"), "children": observed},
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
}
