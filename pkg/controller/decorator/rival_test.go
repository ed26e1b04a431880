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

package decorator

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestFieldManager(t *testing.T) {
	if diff := cmp.Diff("metacontroller/decorator/service-per-pod", fieldManager("service-per-pod")); diff != "" {
		t.Errorf("fieldManager() (-want +got):\n%s", diff)
	}
	long := strings.Repeat("a", 250)
	one, two := fieldManager(long+"1"), fieldManager(long+"2")
	if len(one) != maxManager || len(two) != maxManager || one == two {
		t.Errorf("field managers of long names: %q and %q, want two of %d characters", one, two, maxManager)
	}
}

func TestHeldBy(t *testing.T) {
	entry := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	held := heldBy([]metav1.ManagedFieldsEntry{
		entry("kubectl", `{"f:metadata":{"f:labels":{"f:a":{}}}}`),
		entry("metacontroller/decorator/gone", `{"f:metadata":{"f:labels":{"f:a":{}}}}`),
		entry("metacontroller/decorator/other", `{"f:metadata":{"f:labels":{".":{},"f:b":{}},"f:annotations":{"f:example.com/c":{}}}}`),
		entry("metacontroller/decorator/other", `nonsense`),
		{Manager: "metacontroller/decorator/other"},
	}, map[string]string{"metacontroller/decorator/other": "other"})
	if diff := cmp.Diff([]holders{{"b": "other"}, {"example.com/c": "other"}}, []holders{held.labels, held.annotations}); diff != "" {
		t.Fatalf("heldBy() (-want +got):\n%s", diff)
	}

	value := "v"
	var errs []error
	spared := held.labels.spare(map[string]*string{"a": &value, "b": nil}, "label", &errs)
	if diff := cmp.Diff(map[string]*string{"a": &value}, spared); diff != "" {
		t.Errorf("spare() (-want +got):\n%s", diff)
	}
	want := `the label "b" is left as it is: DecoratorController other has set it to something else: have one of the two use another key, ` +
		`or remove the label from the object`
	if diff := cmp.Diff(want, errors.Join(errs...).Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestOverwrites(t *testing.T) {
	value := "v"
	observed := map[string]string{"a": "1"}
	for name, tc := range map[string]struct {
		changes map[string]*string
		want    bool
	}{
		"Nothing": {}, "Adds": {changes: map[string]*string{"b": &value}},
		"Changes": {changes: map[string]*string{"a": &value}, want: true}, "Removes": {changes: map[string]*string{"a": nil}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := overwrites(tc.changes, observed); got != tc.want {
				t.Errorf("overwrites() = %t, want %t", got, tc.want)
			}
		})
	}
}
