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

package objects

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"unicode/utf8"
)

// decoder makes Objects from JSON. It is for one resource and for one goroutine at a time.
type decoder struct {
	// apiVersion and kind are given to objects that do not say theirs.
	apiVersion, kind string
	prefix           []byte // how Raw begins for these
	fieldManager     string
	// take returns what is kept of an object; all of it when nil.
	take func(*Object) *Object

	kept    []byte       // the members that Raw keeps, each behind a comma; reused
	content maphash.Hash // of the members that ContentDigest covers
	shared  sharedMetadata
}

// newDecoder returns a decoder for a resource. Digests of decoders with the same seed are comparable.
func newDecoder(resource Resource, fieldManager string, seed maphash.Seed) *decoder {
	d := &decoder{apiVersion: resource.APIVersion(), kind: resource.Kind, fieldManager: fieldManager}
	d.prefix = rawPrefix(d.apiVersion, d.kind)
	d.content.SetSeed(seed)
	return d
}

// item decodes an object for the Reflector.
func (d *decoder) item(data []byte) (*item[*Object], error) {
	o, err := d.decode(data)
	if err != nil {
		return nil, err
	}
	if d.take != nil {
		o = d.take(o)
	}
	return &item[*Object]{object: o, key: o.Key(), resourceVersion: o.ResourceVersion}, nil
}

// decode makes an Object from its JSON. It keeps no reference to data.
func (d *decoder) decode(data []byte) (*Object, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("cannot decode an object: its JSON is not UTF-8")
	}
	o, spaced, err := d.walk(data)
	if err == nil && spaced {
		var compact bytes.Buffer
		if err := json.Compact(&compact, data); err != nil {
			return nil, fmt.Errorf("cannot decode an object: %w", err)
		}
		o, _, err = d.walk(compact.Bytes())
	}
	if err != nil {
		return nil, fmt.Errorf("cannot decode an object: %w", err)
	}
	return o, nil
}

// walk decodes in one pass, and reports whether the JSON holds white space, which Raw must not.
func (d *decoder) walk(data []byte) (*Object, bool, error) {
	d.kept = d.kept[:0]
	d.content.Reset()
	o := &Object{APIVersion: d.apiVersion, Kind: d.kind}
	s := &scanner{data: data}
	err := s.members(func(name []byte) error { return d.topMember(s, name, o) })
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, false, err
	}
	if o.Name == "" {
		return nil, false, errors.New("it has no metadata.name")
	}
	o.ContentDigest = d.content.Sum64()
	o.Raw = d.raw(o)
	return o, s.spaced, nil
}

// raw assembles the object's JSON from its type and the members kept.
func (d *decoder) raw(o *Object) []byte {
	prefix := d.prefix
	if o.APIVersion != d.apiVersion || o.Kind != d.kind {
		prefix = rawPrefix(o.APIVersion, o.Kind)
	}
	raw := make([]byte, 0, len(prefix)+len(d.kept)+1)
	raw = append(raw, prefix...)
	raw = append(raw, d.kept...)
	return append(raw, '}')
}

// rawPrefix returns the start of an object's JSON. Marshalling two strings cannot fail.
func rawPrefix(apiVersion, kind string) []byte {
	quotedVersion, _ := json.Marshal(apiVersion)
	quotedKind, _ := json.Marshal(kind)
	return fmt.Appendf(nil, `{"apiVersion":%s,"kind":%s`, quotedVersion, quotedKind)
}

// topMember decodes one member of the object itself. apiVersion and kind are no part of the content:
// the same object comes with them in a watch and without them in a list.
func (d *decoder) topMember(s *scanner, name []byte, o *Object) error {
	start := s.member
	switch string(name) {
	case "apiVersion":
		return d.typeMember(s, &o.APIVersion, "apiVersion")
	case "kind":
		return d.typeMember(s, &o.Kind, "kind")
	case "metadata":
		return d.metadata(s, o)
	case "status":
		status, err := s.value()
		if err != nil {
			return err
		}
		o.StatusDigest = maphash.Bytes(d.content.Seed(), status)
		d.keep(s.data[start:s.pos])
		return nil
	default:
		if err := s.skip(); err != nil {
			return err
		}
		d.keep(s.data[start:s.pos])
		d.digest(s.data[start:s.pos])
		return nil
	}
}

// typeMember decodes apiVersion or kind into field, which holds the resource's own.
func (d *decoder) typeMember(s *scanner, field *string, name string) error {
	text, err := s.text()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > 0 && string(text) != *field {
		*field = string(text)
	}
	return nil
}

// keep adds a member to what becomes Raw.
func (d *decoder) keep(member []byte) {
	if last := len(d.kept) - 1; last < 0 || d.kept[last] != '{' {
		d.kept = append(d.kept, ',')
	}
	d.kept = append(d.kept, member...)
}

// digest adds a member to what ContentDigest covers. Errors do not occur: see maphash.Hash.
func (d *decoder) digest(member []byte) {
	_, _ = d.content.Write(member)
	_ = d.content.WriteByte(',')
}
