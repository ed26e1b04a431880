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

package host

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is what records are served as.
var GroupVersion = schema.GroupVersion{Group: "storage.hookplane.dev", Version: "v1"}

// Record is the custom resource that holds one object.
type Record struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Key is the key of the object below that of its resource: name, or namespace/name.
	Key string `json:"key"`
	// Data is the encoded object, in base64 on the wire.
	Data []byte `json:"data"`
}

// RecordList is a list of records.
type RecordList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Record `json:"items"`
}

var (
	_ runtime.Object = &Record{}
	_ runtime.Object = &RecordList{}
)

// DeepCopyObject implements runtime.Object.
func (r *Record) DeepCopyObject() runtime.Object {
	out := r.copy()
	return &out
}

func (r *Record) copy() Record {
	out := *r
	r.DeepCopyInto(&out.ObjectMeta)
	out.Data = slices.Clone(r.Data)
	return out
}

// DeepCopyObject implements runtime.Object.
func (l *RecordList) DeepCopyObject() runtime.Object {
	out := *l
	l.DeepCopyInto(&out.ListMeta)
	out.Items = make([]Record, len(l.Items))
	for i := range l.Items {
		out.Items[i] = l.Items[i].copy()
	}
	return &out
}
