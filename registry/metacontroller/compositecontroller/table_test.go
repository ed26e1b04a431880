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

package compositecontroller

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/registry/metacontroller/kind"
)

func table() kind.TableConvertor[*metacontroller.CompositeController] {
	return kind.TableConvertor[*metacontroller.CompositeController]{Columns: columns, Row: row}
}

func TestConvertToTable(t *testing.T) {
	fresh := decode(t, manifestToday)
	running := decode(t, manifestToday)
	running.CreationTimestamp = metav1.NewTime(time.Now().Add(-100 * time.Hour))
	running.Spec.ParentResource = metacontroller.ParentResourceRule{APIVersion: "v1", Resource: "namespaces"}
	running.Spec.ChildResources = append(running.Spec.ChildResources, metacontroller.ChildResourceRule{APIVersion: "apps/v1", Resource: "deployments"})
	running.Spec.Hooks.Sync.Webhook = &metacontroller.Webhook{URL: "https://example.com/sync"}
	running.Status = metacontroller.CompositeControllerStatus{
		Conditions: []metav1.Condition{{Type: "Ready", Status: "False", Reason: "HookUnreachable"}},
		Parents:    &metacontroller.ParentsStatus{Total: 3, Synced: 2, Failing: 1},
	}
	empty := &metacontroller.CompositeController{ObjectMeta: metav1.ObjectMeta{Name: "empty", ResourceVersion: "5"}}

	cases := map[string]struct {
		object runtime.Object
		want   [][]any
	}{
		"Fresh": {
			object: fresh,
			want:   [][]any{{"shops", "shops.example.com", "http://shops.default:80/sync", "Unknown", "", int64(0), int64(0), int64(0), "<unknown>", "pods", "<none>", "<none>"}},
		},
		"Running": {
			object: running,
			want:   [][]any{{"shops", "namespaces", "https://example.com/sync", "False", "HookUnreachable", int64(3), int64(2), int64(1), "4d4h", "pods,deployments.apps", "<none>", "<none>"}},
		},
		"List": {
			object: &metacontroller.CompositeControllerList{Items: []metacontroller.CompositeController{*empty, *fresh}},
			want: [][]any{
				{"empty", "", "<none>", "Unknown", "", int64(0), int64(0), int64(0), "<unknown>", "<none>", "<none>", "<none>"},
				{"shops", "shops.example.com", "http://shops.default:80/sync", "Unknown", "", int64(0), int64(0), int64(0), "<unknown>", "pods", "<none>", "<none>"},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			printed, err := table().ConvertToTable(t.Context(), tc.object, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got [][]any
			for _, row := range printed.Rows {
				got = append(got, row.Cells)
				if len(row.Cells) != len(printed.ColumnDefinitions) {
					t.Errorf("%d cells under %d columns", len(row.Cells), len(printed.ColumnDefinitions))
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestConvertToTableMetadata(t *testing.T) {
	list := &metacontroller.CompositeControllerList{ListMeta: metav1.ListMeta{ResourceVersion: "7", Continue: "more"}}
	printed, err := table().ConvertToTable(t.Context(), list, &metav1.TableOptions{NoHeaders: true})
	if err != nil {
		t.Fatal(err)
	}
	want := &metav1.Table{ListMeta: metav1.ListMeta{ResourceVersion: "7", Continue: "more"}, Rows: []metav1.TableRow{}}
	if diff := cmp.Diff(want, printed); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestConvertToTableOfAnotherType(t *testing.T) {
	if _, err := table().ConvertToTable(t.Context(), &metav1.PartialObjectMetadata{}, nil); err == nil {
		t.Error("an object of another type is printed")
	}
}
