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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestApplierDecorate(t *testing.T) {
	value := "v"
	const uid = `"uid":"uid"`
	tests := map[string]struct {
		decoration Decoration
		response   response
		body       string
		wantErr    string
		conflict   bool
	}{
		"Keys": {
			decoration: Decoration{Labels: map[string]*string{"a": &value, "b": nil}, Annotations: map[string]*string{"c": nil}},
			response:   object("8"), body: `{"metadata":{"annotations":{"c":null},"labels":{"a":"v","b":null},` + uid + `}}`,
		},
		"Everything": {
			decoration: Decoration{
				ResourceVersion: "7", Labels: map[string]*string{"a": &value}, Finalizers: []string{}, Status: []byte(`{"phase":null}`),
			},
			response: object("8"), body: `{"metadata":{"finalizers":[],"labels":{"a":"v"},"resourceVersion":"7",` + uid + `},"status":{"phase":null}}`,
		},
		"Changed":   {response: failure(t, errConflict), body: `{"metadata":{` + uid + `}}`, wantErr: `cannot decorate Ecommerce "default/shop-1": `, conflict: true},
		"Successor": {response: failure(t, errOtherUID), body: `{"metadata":{` + uid + `}}`, wantErr: `cannot decorate Ecommerce "default/shop-1": `, conflict: true},
		"Gone":      {response: failure(t, errNotFound), body: `{"metadata":{` + uid + `}}`, wantErr: "not found"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			applier, server := newApplier(t, tc.response)
			tc.decoration.Target, tc.decoration.UID, tc.decoration.FieldManager = shop, "uid", "metacontroller/decorator/x"
			got, err := applier.Decorate(t.Context(), tc.decoration)
			if (err == nil) != (tc.wantErr == "") || err == nil && got != "8" || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("Decorate() = %q, %v, want 8 or %q", got, err, tc.wantErr)
			}
			if apierrors.IsConflict(err) != tc.conflict {
				t.Errorf("want conflict %t, got %v", tc.conflict, err)
			}
			want := []request{{
				"PATCH", "/apis/apps.hybris.com/v1/namespaces/default/ecommerces/shop-1", "fieldManager=metacontroller%2Fdecorator%2Fx",
				"application/merge-patch+json", metadataOnly, tc.body,
			}}
			if diff := cmp.Diff(want, server.recorded()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
