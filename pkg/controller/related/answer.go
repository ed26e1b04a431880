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

package related

import (
	"context"
	"hash/maphash"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/objects"
)

// answer is what the customize hook answered for one state of a parent.
type answer struct {
	state
	rules []hookapi.RelatedResourceRule
}

// state is what of a parent decides the answer, docs/protocol.md §2. Its status does not.
type state struct {
	uid        types.UID
	generation int64
	digest     uint64
}

// ask returns the answer for a parent in this state, from the hook when it is not known.
func (f *Finder[K]) ask(ctx context.Context, key K, o *objects.Object) (*answer, error) {
	current := f.state(o)
	if known := f.recall(key); known != nil && known.state == current {
		return known, nil
	}
	request := hook.CustomizeRequest{Controller: f.Controller, Parent: o.Raw}
	response, err := f.Hook.Call(ctx, hook.Request{ParentUID: o.UID, Body: request.AppendJSON(nil)})
	if err != nil {
		return nil, err
	}
	decoded, err := hook.DecodeCustomize(response.Body, f.Mode)
	if err != nil {
		return nil, response.Hide(err)
	}
	a := &answer{current, decoded.RelatedResources}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known(key).answer = a
	return a, nil
}

func (f *Finder[K]) recall(key K) *answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.parents[key]; p != nil {
		return p.answer
	}
	return nil
}

// dropAnswer has the hook asked again.
func (f *Finder[K]) dropAnswer(key K) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.parents[key]; p != nil {
		p.answer = nil
	}
}

// state returns the state of a parent. A kind that counts no generations is told apart by all its content.
func (f *Finder[K]) state(o *objects.Object) state {
	s := state{uid: o.UID, generation: o.Generation, digest: o.ContentDigest}
	if o.Generation == 0 {
		return s
	}
	var h maphash.Hash
	h.SetSeed(f.seed)
	for _, set := range []map[string]string{o.Labels, o.Annotations()} {
		for _, key := range slices.Sorted(maps.Keys(set)) {
			writeText(&h, key)
			writeText(&h, set[key])
		}
		_ = h.WriteByte('\n') // never fails
	}
	s.digest = h.Sum64()
	return s
}

// writeText adds a text in a form that no other texts in a row add up to.
func writeText(h *maphash.Hash, text string) {
	maphash.WriteComparable(h, len(text))
	_, _ = h.WriteString(text) // never fails
}
