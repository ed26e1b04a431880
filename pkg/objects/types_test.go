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
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// crd returns the definition of example.com/v1 shops, with versions in the form of the API.
func crd(established string, versions ...any) manifest {
	return manifest{
		"metadata": map[string]any{"name": "shops.example.com"},
		"spec":     map[string]any{"group": "example.com", "scope": "Namespaced", "versions": versions},
		"status": map[string]any{
			"acceptedNames": map[string]any{"plural": "shops", "kind": "Shop"},
			"conditions":    []any{map[string]any{"type": "Established", "status": established}},
		},
	}
}

func version(name string, served bool, subresources map[string]any) map[string]any {
	return map[string]any{"name": name, "served": served, "subresources": subresources, "schema": map[string]any{"openAPIV3Schema": map[string]any{}}}
}

var shops = Resource{
	GroupVersionResource: schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "shops"},
	Kind:                 "Shop", Namespaced: true, HasStatus: true,
}

// isNotServed reports whether a lookup said so.
func isNotServed(err error) bool {
	var missing *ResourceNotFoundError
	return errors.As(err, &missing)
}

func TestCacheLookupByDefinition(t *testing.T) {
	withStatus := map[string]any{"status": map[string]any{}}
	otherName := crd("True", version("v1", true, withStatus))
	otherName["status"].(map[string]any)["acceptedNames"] = map[string]any{"plural": "shops", "kind": "Store"}
	clusterScoped := crd("True", version("v1", true, withStatus))
	clusterScoped["spec"].(map[string]any)["scope"] = "Cluster"
	cases := map[string]struct {
		crd  manifest
		want *Resource // nil: not served
	}{
		"Served":         {crd("True", version("v1beta1", true, nil), version("v1", true, withStatus)), &shops},
		"NoStatus":       {crd("True", version("v1", true, nil)), &Resource{shops.GroupVersionResource, "Shop", true, false}},
		"ClusterScoped":  {clusterScoped, &Resource{shops.GroupVersionResource, "Shop", false, true}},
		"AcceptedKind":   {otherName, &Resource{shops.GroupVersionResource, "Store", true, true}},
		"NotEstablished": {crd("False", version("v1", true, withStatus)), nil},
		"VersionOff":     {crd("True", version("v1", false, withStatus), version("v2", true, withStatus)), nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			api := newAPIServer(t)
			api.put(crdsPath, tc.crd)
			c := runCache(t, api)
			eventually(t, "the definition is known", func() bool { return c.types.crds.get("shops.example.com") != nil })
			got, err := c.Lookup(t.Context(), "example.com/v1", "shops")
			if tc.want == nil {
				if !isNotServed(err) {
					t.Fatalf("Lookup: got %v, %v, want a ResourceNotFoundError", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*tc.want, got); diff != "" {
				t.Errorf("Lookup: -want +got:\n%s", diff)
			}
			if api.requested("/apis/example.com/v1") > 0 {
				t.Error("asked discovery for what the definition says")
			}
		})
	}
}

func TestCacheLookupByDiscovery(t *testing.T) {
	api := newAPIServer(t)
	api.documents["/api/v1"] = metav1.APIResourceList{APIResources: []metav1.APIResource{
		{Name: "pods", Kind: "Pod", Namespaced: true},
		{Name: "pods/status", Kind: "Pod", Namespaced: true},
		{Name: "nodes", Kind: "Node"},
	}}
	api.documents["/apis/example.com/v1"] = metav1.APIResourceList{APIResources: []metav1.APIResource{{Name: "shops", Kind: "Aggregated"}}}
	// Another server has taken over the group version of a custom resource.
	api.put(crdsPath, crd("True", version("v1", true, nil)))
	api.put(apiServicesPath, manifest{"metadata": map[string]any{"name": "v1.example.com"}, "spec": map[string]any{"service": map[string]any{}}})
	c := runCache(t, api)
	eventually(t, "the definitions are known", func() bool {
		return c.types.crds.get("shops.example.com") != nil && c.types.apiServices.get("v1.example.com") != nil
	})
	cases := map[string]struct {
		apiVersion, resource string
		want                 *Resource // nil: not served
	}{
		"Core":            {"v1", "pods", &Resource{schema.GroupVersionResource{Version: "v1", Resource: "pods"}, "Pod", true, true}},
		"ClusterScoped":   {"v1", "nodes", &Resource{schema.GroupVersionResource{Version: "v1", Resource: "nodes"}, "Node", false, false}},
		"Delegated":       {"example.com/v1", "shops", &Resource{shops.GroupVersionResource, "Aggregated", false, false}},
		"UnknownResource": {"v1", "podz", nil},
		"Subresource":     {"v1", "pods/status", nil},
		"UnknownGroup":    {"nowhere.com/v1", "pods", nil},
		"NoVersion":       {"", "pods", nil},
		"TooManySlashes":  {"a/b/c", "pods", nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := c.Lookup(t.Context(), tc.apiVersion, tc.resource)
			if tc.want == nil {
				if !isNotServed(err) || !strings.Contains(err.Error(), tc.resource) {
					t.Fatalf("Lookup: got %v, %v, want a ResourceNotFoundError", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*tc.want, got); diff != "" {
				t.Errorf("Lookup: -want +got:\n%s", diff)
			}
		})
	}
	if got := api.requested("/api/v1"); got != 1 {
		t.Errorf("asked %d times for one document, want once", got)
	}
	api.setRefuse(func(*http.Request) *apierrors.StatusError { return apierrors.NewServiceUnavailable("down") })
	if _, err := c.Lookup(t.Context(), "batch/v1", "jobs"); isNotServed(err) || !apierrors.IsServiceUnavailable(err) {
		t.Errorf("Lookup while the API is down: got %v, want its error", err)
	}
}

func TestCacheLookupAnyVersion(t *testing.T) {
	api := newAPIServer(t)
	api.put(crdsPath, crd("True", version("v1", false, nil), version("v2", true, nil)))
	api.documents["/apis/example.com"] = metav1.APIGroup{Versions: []metav1.GroupVersionForDiscovery{
		{GroupVersion: "example.com/v1beta1"}, {GroupVersion: "example.com/v2"},
	}}
	api.documents["/apis/example.com/v1beta1"] = metav1.APIResourceList{APIResources: []metav1.APIResource{{Name: "others", Kind: "Other"}}}
	c := runCache(t, api)
	eventually(t, "the definition is known", func() bool { return c.types.crds.get("shops.example.com") != nil })
	inV2 := Resource{schema.GroupVersionResource{Group: "example.com", Version: "v2", Resource: "shops"}, "Shop", true, false}
	others := Resource{schema.GroupVersionResource{Group: "example.com", Version: "v1beta1", Resource: "others"}, "Other", false, false}
	for name, tc := range map[string]struct {
		apiVersion, resource string
		want                 *Resource // nil: not served
	}{
		"Served":          {"example.com/v2", "shops", &inV2},
		"NotServed":       {"example.com/v1", "shops", &inV2},
		"ByDiscovery":     {"example.com/v1", "others", &others},
		"UnknownResource": {"example.com/v1", "nothings", nil},
		"UnknownGroup":    {"nowhere.com/v1", "shops", nil},
		"Core":            {"v1", "podz", nil},
		"TooManySlashes":  {"a/b/c", "pods", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.LookupAnyVersion(t.Context(), tc.apiVersion, tc.resource)
			if tc.want == nil {
				if !isNotServed(err) {
					t.Fatalf("LookupAnyVersion: got %v, %v, want a ResourceNotFoundError", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*tc.want, got); diff != "" {
				t.Errorf("LookupAnyVersion: -want +got:\n%s", diff)
			}
		})
	}
	api.setRefuse(func(*http.Request) *apierrors.StatusError { return apierrors.NewServiceUnavailable("down") })
	if _, err := c.LookupAnyVersion(t.Context(), "example.com/v1", "shops"); isNotServed(err) || !apierrors.IsServiceUnavailable(err) {
		t.Errorf("LookupAnyVersion while the API is down: got %v, want its error", err)
	}
}

func TestCacheLookupDoesNotTrustAnOldDefinition(t *testing.T) {
	api := newAPIServer(t)
	api.put(crdsPath, crd("True", version("v1", true, nil)))
	api.documents["/apis/example.com/v1"] = metav1.APIResourceList{APIResources: []metav1.APIResource{{Name: "shops", Kind: "Discovered"}}}
	c := runCache(t, api)
	kind := func() string {
		r, err := c.Lookup(t.Context(), "example.com/v1", "shops")
		if err != nil {
			return err.Error()
		}
		return r.Kind
	}
	eventually(t, "the definition is known", func() bool { return kind() == "Shop" })
	api.setRefuse(func(r *http.Request) *apierrors.StatusError {
		if r.URL.Path != crdsPath {
			return nil
		}
		return apierrors.NewForbidden(schema.GroupResource{}, "", errors.New("no rights any more"))
	})
	api.dropWatches()
	eventually(t, "discovery is asked instead", func() bool { return kind() == "Discovered" })
	api.setRefuse(nil)
	eventually(t, "the definition is known again", func() bool { return kind() == "Shop" })
}

func TestCacheOnTypesChanged(t *testing.T) {
	api := newAPIServer(t)
	c := runCache(t, api)
	var calls atomic.Int64
	found := make(chan Resource, 100)
	remove := c.OnTypesChanged(func() {
		calls.Add(1)
		if r, err := c.Lookup(t.Context(), "example.com/v1", "shops"); err == nil {
			found <- r
		}
	})
	defer remove()
	api.put(crdsPath, crd("False", version("v1", true, nil)))
	api.put(crdsPath, crd("True", version("v1", true, map[string]any{"status": map[string]any{}})))
	if diff := cmp.Diff(shops, <-found); diff != "" {
		t.Errorf("Lookup when told: -want +got:\n%s", diff)
	}
	api.delete(crdsPath, "<nil>", "shops.example.com")
	eventually(t, "the resource is gone", func() bool {
		_, err := c.Lookup(t.Context(), "example.com/v1", "shops")
		return isNotServed(err)
	})
	remove()
	before := calls.Load()
	api.put(crdsPath, crd("True", version("v2", true, nil)))
	eventually(t, "the new definition is known", func() bool { return c.types.crds.get("shops.example.com") != nil })
	if got := calls.Load(); got != before {
		t.Errorf("called %d times after it was removed", got-before)
	}
}

func TestDefinitionsTellRelevantChanges(t *testing.T) {
	available := func(status string) manifest {
		return manifest{"status": map[string]any{"conditions": []any{map[string]any{"type": "Available", "status": status}}}}
	}
	annotated := crd("True", version("v1", true, nil))
	annotated["metadata"] = map[string]any{"name": "shops.example.com", "annotations": map[string]any{"a": "b"}, "resourceVersion": "9"}
	cases := map[string]struct {
		decode        func([]byte) (*item[*definition], error)
		before, after manifest
		want          bool
	}{
		"Annotation":  {decodeCRD, crd("True", version("v1", true, nil)), annotated, false},
		"Established": {decodeCRD, crd("False", version("v1", true, nil)), crd("True", version("v1", true, nil)), true},
		"NewVersion":  {decodeCRD, crd("True", version("v1", true, nil)), crd("True", version("v1", true, nil), version("v2", true, nil)), true},
		"Subresource": {decodeCRD, crd("True", version("v1", true, nil)), crd("True", version("v1", true, map[string]any{"status": map[string]any{}})), true},
		"Available":   {decodeAPIService, available("False"), available("True"), true},
		"Unavailable": {decodeAPIService, available("False"), available("False"), false},
		"Delegated":   {decodeAPIService, manifest{}, manifest{"spec": map[string]any{"service": map[string]any{"name": "x"}}}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before, after := decodeManifest(t, tc.decode, tc.before), decodeManifest(t, tc.decode, tc.after)
			told := false
			d := &definitions{changed: func() { told = true }}
			d.replace([]*definition{before})
			told = false
			d.put(after)
			if told != tc.want {
				t.Errorf("put: told of the change %v, want %v", told, tc.want)
			}
			d.replace([]*definition{before})
			told = false
			d.replace([]*definition{after})
			if told != tc.want {
				t.Errorf("replace: told of the change %v, want %v", told, tc.want)
			}
			told = false
			if d.replace(nil); !told {
				t.Error("replace: not told that the definition is gone")
			}
		})
	}
}

func decodeManifest(t *testing.T, decode func([]byte) (*item[*definition], error), m manifest) *definition {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	item, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return item.object
}
