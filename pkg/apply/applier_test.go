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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

func TestNewRefuses(t *testing.T) {
	tests := map[string]struct {
		config rest.Config
		opts   Options
		want   string
	}{
		"NoFieldManager":      {opts: Options{}, want: "a field manager is required"},
		"NegativeParallelism": {opts: Options{FieldManager: "x", Parallelism: -1}, want: "parallelism -1 is negative"},
		"BadHost":             {config: rest.Config{Host: "http://[::1"}, opts: Options{FieldManager: "x"}, want: "cannot make a client for http://[::1"},
		"BadTLS": {
			config: rest.Config{Host: "https://x", TLSClientConfig: rest.TLSClientConfig{CAFile: "does-not-exist"}},
			opts:   Options{FieldManager: "x"}, want: "cannot make a client for https://x",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := New(&tc.config, tc.opts); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("want %q, got %v", tc.want, err)
			}
		})
	}
}

var shop = Target{
	GroupVersionResource: schema.GroupVersionResource{Group: "apps.hybris.com", Version: "v1", Resource: "ecommerces"},
	Kind:                 "Ecommerce", Namespace: "default", Name: "shop-1",
}

func TestApplierStatus(t *testing.T) {
	invalid := apierrors.NewInvalid(schema.GroupKind{Kind: "Ecommerce"}, "shop-1", field.ErrorList{
		field.Invalid(field.NewPath("status", "phase"), 3, "must be a string"),
	})
	tests := map[string]struct {
		response response
		status   string
		want     string
		wantErr  string
		conflict bool
	}{
		"Written": {response: object("8"), status: `{"a":1}`, want: "8"},
		"OtherUID": {
			response: failure(t, errFailedPatch), status: `{"a":1}`, conflict: true,
			wantErr: `cannot update the status of Ecommerce "default/shop-1": Operation cannot be fulfilled`,
		},
		"Invalid": {
			response: failure(t, invalid), status: `{"a":1}`,
			wantErr: `cannot update the status of Ecommerce "default/shop-1": Ecommerce "shop-1" is invalid: status.phase`,
		},
		"Gone":    {response: failure(t, errNotFound), status: `{"a":1}`, wantErr: `"default/shop-1": pods "solr" not found`},
		"Garbage": {response: response{code: http.StatusOK, body: "<"}, status: `{"a":1}`, wantErr: "cannot read the API server's answer"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			applier, server := newApplier(t, tc.response)
			got, err := applier.Status(t.Context(), shop, "uid", []byte(tc.status))
			if got != tc.want || (err == nil) != (tc.wantErr == "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("want %q, %q, got %q, %v", tc.want, tc.wantErr, got, err)
			}
			if apierrors.IsConflict(err) != tc.conflict {
				t.Errorf("want conflict %t, got %v", tc.conflict, err)
			}
			want := []request{{
				"PATCH", "/apis/apps.hybris.com/v1/namespaces/default/ecommerces/shop-1/status", "fieldManager=metacontroller",
				"application/json-patch+json", metadataOnly,
				`[{"op":"test","path":"/metadata/uid","value":"uid"},{"op":"add","path":"/status","value":{"a":1}}]`,
			}}
			if diff := cmp.Diff(want, server.recorded()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplierStatusNotJSON(t *testing.T) {
	applier, server := newApplier(t)
	if _, err := applier.Status(t.Context(), shop, "uid", []byte("{")); err == nil || len(server.recorded()) > 0 {
		t.Errorf("want an error and no request, got %v, %v", err, server.recorded())
	}
}

func TestApplierOwners(t *testing.T) {
	other := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "base", UID: "base-uid"}
	ours := metav1.OwnerReference{
		APIVersion: "apps.hybris.com/v1", Kind: "Ecommerce", Name: "shop-1", UID: "shop-1-uid",
		Controller: new(true), BlockOwnerDeletion: new(true),
	}
	stale := ours
	stale.Controller = nil
	const (
		otherJSON = `{"apiVersion":"v1","kind":"ConfigMap","name":"base","uid":"base-uid"}`
		oursJSON  = `{"apiVersion":"apps.hybris.com/v1","kind":"Ecommerce","name":"shop-1","uid":"shop-1-uid","controller":true,"blockOwnerDeletion":true}`
	)
	adopt := func(a *Applier, t *testing.T, claim Claim) (string, error) { return a.Adopt(t.Context(), claim, ours) }
	release := func(a *Applier, t *testing.T, claim Claim) (string, error) {
		return a.Release(t.Context(), claim, ours.UID)
	}
	tests := map[string]struct {
		do       func(a *Applier, t *testing.T, claim Claim) (string, error)
		owners   []metav1.OwnerReference
		response response
		owned    string // what ownerReferences are set to
		want     string
		wantErr  string
		conflict bool
	}{
		"AdoptOrphan":        {do: adopt, response: object("8"), owned: `[` + oursJSON + `]`, want: "8"},
		"AdoptBesideOthers":  {do: adopt, owners: []metav1.OwnerReference{other}, response: object("8"), owned: `[` + otherJSON + `,` + oursJSON + `]`, want: "8"},
		"AdoptCompletes":     {do: adopt, owners: []metav1.OwnerReference{stale, other}, response: object("8"), owned: `[` + otherJSON + `,` + oursJSON + `]`, want: "8"},
		"AdoptChanged":       {do: adopt, response: failure(t, errConflict), owned: `[` + oursJSON + `]`, wantErr: `cannot adopt Pod "default/solr": `, conflict: true},
		"AdoptSuccessor":     {do: adopt, response: failure(t, errOtherUID), owned: `[` + oursJSON + `]`, wantErr: `cannot adopt Pod "default/solr": `, conflict: true},
		"AdoptGarbage":       {do: adopt, response: response{code: http.StatusOK, body: "<"}, owned: `[` + oursJSON + `]`, wantErr: "cannot read the API server's answer"},
		"Release":            {do: release, owners: []metav1.OwnerReference{ours}, response: object("8"), owned: `[]`, want: "8"},
		"ReleaseKeepsOthers": {do: release, owners: []metav1.OwnerReference{ours, other}, response: object("8"), owned: `[` + otherJSON + `]`, want: "8"},
		"ReleaseGone":        {do: release, owners: []metav1.OwnerReference{ours}, response: failure(t, errNotFound), owned: `[]`, wantErr: `cannot release Pod "default/solr": pods "solr" not found`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			applier, server := newApplier(t, tc.response)
			got, err := tc.do(applier, t, Claim{
				Target: Target{GroupVersionResource: pods.WithVersion("v1"), Kind: "Pod", Namespace: "default", Name: "solr"},
				UID:    "solr-uid", ResourceVersion: "7", OwnerReferences: tc.owners,
			})
			if got != tc.want || (err == nil) != (tc.wantErr == "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("want %q, %q, got %q, %v", tc.want, tc.wantErr, got, err)
			}
			if apierrors.IsConflict(err) != tc.conflict {
				t.Errorf("want conflict %t, got %v", tc.conflict, err)
			}
			want := []request{{
				"PATCH", podPath, "fieldManager=metacontroller", "application/merge-patch+json", metadataOnly,
				`{"metadata":{"ownerReferences":` + tc.owned + `,"resourceVersion":"7","uid":"solr-uid"}}`,
			}}
			if diff := cmp.Diff(want, server.recorded()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEscapeForYAML(t *testing.T) {
	var texts []string
	for r := rune(0x20); r < 0x3000; r++ {
		texts = append(texts, string(r))
	}
	texts = append(texts, "\ufeff", "\ufffd", "\ufffe", "\uffff", "😀", "a\u007fb\u0085c")
	for _, text := range texts {
		json := []byte(`{"k":"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(text) + `"}`)
		var got map[string]string
		if err := yaml.Unmarshal(escapeForYAML(json), &got); err != nil || got["k"] != text {
			t.Errorf("%+q: got %+q, %v", text, got["k"], err)
		}
	}
}
