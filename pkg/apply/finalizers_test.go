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

package apply

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestApplierSetFinalizers(t *testing.T) {
	tests := map[string]struct {
		finalizers []string
		response   response
		set        string
		want       string
		wantErr    string
		conflict   bool
	}{
		"Some":      {finalizers: []string{"a/b", "c/d"}, response: object("8"), set: `["a/b","c/d"]`, want: "8"},
		"None":      {finalizers: []string{}, response: object("8"), set: `[]`, want: "8"},
		"Changed":   {finalizers: []string{}, response: failure(t, errConflict), set: `[]`, wantErr: `cannot set the finalizers of Ecommerce "default/shop-1": `, conflict: true},
		"Successor": {finalizers: []string{}, response: failure(t, errOtherUID), set: `[]`, wantErr: `cannot set the finalizers of Ecommerce "default/shop-1": `, conflict: true},
		"Gone":      {finalizers: []string{}, response: failure(t, errNotFound), set: `[]`, wantErr: "not found"},
		"Garbage":   {finalizers: []string{}, response: response{code: http.StatusOK, body: "<"}, set: `[]`, wantErr: "cannot read the API server's answer"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			applier, server := newApplier(t, tc.response)
			got, err := applier.SetFinalizers(t.Context(), shop, "uid", "7", tc.finalizers)
			if got != tc.want || (err == nil) != (tc.wantErr == "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("want %q, %q, got %q, %v", tc.want, tc.wantErr, got, err)
			}
			if apierrors.IsConflict(err) != tc.conflict {
				t.Errorf("want conflict %t, got %v", tc.conflict, err)
			}
			want := []request{{
				"PATCH", "/apis/apps.hybris.com/v1/namespaces/default/ecommerces/shop-1", "fieldManager=metacontroller",
				"application/merge-patch+json", metadataOnly, `{"metadata":{"finalizers":` + tc.set + `,"resourceVersion":"7","uid":"uid"}}`,
			}}
			if diff := cmp.Diff(want, server.recorded()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
