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
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/json"
)

// sharedMetadata holds the parts of metadata that objects of one resource have in common.
type sharedMetadata struct {
	strings memo[string]
	labels  memo[map[string]string]
	lists   memo[[]string]
	owners  memo[[]metav1.OwnerReference]
}

// metadata decodes metadata, and keeps all of it but managedFields.
func (d *decoder) metadata(s *scanner, o *Object) error {
	d.keep([]byte(`"metadata":{`))
	err := s.members(func(name []byte) error {
		start := s.member
		switch string(name) {
		case "managedFields":
			return d.managedFields(s, o)
		case "resourceVersion":
			if err := d.metadataField(s, name, o); err != nil {
				return err
			}
			d.keep(s.data[start:s.pos])
			return nil
		}
		if err := d.metadataField(s, name, o); err != nil {
			return err
		}
		d.keep(s.data[start:s.pos])
		d.digest(s.data[start:s.pos])
		return nil
	})
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	d.kept = append(d.kept, '}')
	return nil
}

// metadataField decodes one member of metadata other than managedFields.
func (d *decoder) metadataField(s *scanner, name []byte, o *Object) error {
	value, err := s.value()
	if err != nil || string(value) == "null" {
		return err
	}
	switch string(name) {
	case "name":
		o.Name, err = unquote(value)
	case "namespace":
		o.Namespace, err = d.shared.strings.get(value, unquote)
	case "uid":
		var uid string
		uid, err = unquote(value)
		o.UID = types.UID(uid)
	case "resourceVersion":
		o.ResourceVersion, err = unquote(value)
	case "generation":
		o.Generation, err = strconv.ParseInt(string(value), 10, 64)
	case "labels":
		o.Labels, err = d.shared.labels.get(value, parse)
	case "finalizers":
		o.Finalizers, err = d.shared.lists.get(value, parse)
	case "ownerReferences":
		o.OwnerReferences, err = d.shared.owners.get(value, parse)
	case "deletionTimestamp":
		o.DeletionTimestamp, err = parse[*metav1.Time](value)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// managedFields looks for the entry of the cache's own field manager.
func (d *decoder) managedFields(s *scanner, o *Object) error {
	if s.peek() == 'n' {
		return s.skip()
	}
	err := s.elements(func() error { return d.managedFieldsEntry(s, o) })
	if err != nil {
		return fmt.Errorf("managedFields: %w", err)
	}
	return nil
}

func (d *decoder) managedFieldsEntry(s *scanner, o *Object) error {
	var manager, operation, subresource, fields []byte
	err := s.members(func(name []byte) (err error) {
		switch string(name) {
		case "manager":
			manager, err = s.text()
		case "operation":
			operation, err = s.text()
		case "subresource":
			subresource, err = s.text()
		case "fieldsV1":
			fields, err = s.value()
		default:
			err = s.skip()
		}
		return err
	})
	if err != nil || string(manager) != d.fieldManager || len(subresource) > 0 ||
		string(operation) != string(metav1.ManagedFieldsOperationApply) {
		return err
	}
	o.AppliedFields, err = d.shared.strings.get(fields, func(text []byte) (string, error) { return string(text), nil })
	return err
}

// parse decodes a small JSON value.
func parse[T any](value []byte) (T, error) {
	var v T
	err := json.UnmarshalCaseSensitivePreserveInts(value, &v)
	return v, err
}

// unquote decodes a JSON string.
func unquote(value []byte) (string, error) {
	s := scanner{data: value}
	text, err := s.text()
	return string(text), err
}
