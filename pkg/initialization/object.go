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

package initialization

import (
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	kjson "sigs.k8s.io/json"

	"github.com/hookplane/hookplane/pkg/hook"
)

// Object is an object on its way from initializer to initializer: as JSON, of which only what is looked at on the way is
// decoded. It has no managed fields. It is immutable.
type Object struct {
	raw  []byte
	head head
}

// head is what is looked at of every object.
type head struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Metadata   json.RawMessage `json:"metadata"`
	metadata   metadata
}

type metadata struct {
	Name          string            `json:"name"`
	Namespace     string            `json:"namespace"`
	UID           string            `json:"uid"`
	Labels        map[string]string `json:"labels"`
	ManagedFields json.RawMessage   `json:"managedFields"`
}

// NewObject returns the object that a tree is.
func NewObject(tree Tree) (*Object, error) {
	DropManagedFields(tree)
	return parse(Encode(tree))
}

// parse reads what a hook answers.
func parse(raw []byte) (*Object, error) {
	o := &Object{raw: raw}
	if err := unmarshal(raw, &o.head); err != nil {
		return nil, fmt.Errorf("not an object: %w", err)
	}
	if o.head.Metadata == nil {
		return nil, errors.New("the hook's answer has no metadata: answer the whole object")
	}
	if err := unmarshal(o.head.Metadata, &o.head.metadata); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	if o.head.metadata.ManagedFields == nil {
		return o, nil
	}
	tree, err := Decode(raw)
	if err != nil {
		return nil, err
	}
	return NewObject(tree)
}

// unmarshal decodes what is looked at. What is there twice is an error: others may take the other one.
func unmarshal(raw []byte, into any) error {
	duplicates, err := kjson.UnmarshalStrict(raw, into, kjson.DisallowDuplicateFields)
	if err == nil && len(duplicates) > 0 {
		return duplicates[0]
	}
	return err
}

// JSON returns the object's JSON.
func (o *Object) JSON() []byte { return o.raw }

// Tree decodes the object.
func (o *Object) Tree() (Tree, error) { return Decode(o.raw) }

// Labels returns the object's labels.
func (o *Object) Labels() labels.Set { return o.head.metadata.Labels }

// identity are the fields that a hook may not change. docs/protocol.md §7.
func (h *head) identity() [][2]string {
	return [][2]string{
		{"apiVersion", h.APIVersion},
		{"kind", h.Kind},
		{"metadata.name", h.metadata.Name},
		{"metadata.namespace", h.metadata.Namespace},
		{"metadata.uid", h.metadata.UID},
	}
}

func checkIdentity(before, after *Object) error {
	is := after.head.identity()
	for n, was := range before.head.identity() {
		if was != is[n] {
			return fmt.Errorf("the hook changed %s from %q to %q, which no initializer may do", was[0], was[1], hook.Excerpt([]byte(is[n][1])))
		}
	}
	return nil
}
