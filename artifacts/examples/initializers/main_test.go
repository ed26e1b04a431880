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

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
)

// call returns what the initializer makes of an object: its JSON, or why it is refused. A second call changes nothing.
func call(t *testing.T, initialize initializer, object string) string {
	t.Helper()
	for range 2 {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"object": `+object+`, "request": {"namespace": "shop"}}`))
		handler(initialize).ServeHTTP(recorder, request)
		if recorder.Code != http.StatusOK {
			return recorder.Body.String()
		}
		var response hook.InitializeResponse
		if err := json.Unmarshal(recorder.Body.Bytes(), &response); err != nil {
			t.Fatal(err)
		}
		if response.Result != nil {
			return response.Result.Message
		}
		object = string(response.Object)
	}
	return object
}

func TestInitializers(t *testing.T) {
	digests := fstest.MapFS{"nginx_1.27": {Data: []byte("sha256:abc\n")}}
	teams := fstest.MapFS{"shop": {Data: []byte("team=shop\ncost-center=7\n")}}
	for name, tc := range map[string]struct {
		initializer  initializer
		object, want string
	}{
		"Sidecar": {
			addSidecar, `{"kind":"Pod","spec":{"containers":[{"name":"a"}]}}`,
			`{"kind":"Pod","spec":{"containers":[{"name":"a"},{"args":["--input","tail","--output","stdout"],"image":"fluent/fluent-bit:3.1","name":"log-shipper"}]}}`,
		},
		"Pinned":     {pinImages(digests), `{"kind":"Pod","spec":{"containers":[{"image":"nginx:1.27"}]}}`, `{"kind":"Pod","spec":{"containers":[{"image":"nginx:1.27@sha256:abc"}]}}`},
		"Unreleased": {pinImages(digests), `{"kind":"Pod","spec":{"containers":[{"image":"nginx:latest","name":"a"}]}}`, "image nginx:latest of container a is not released: it has no digest"},
		"Labelled":   {addTeamLabels(teams), `{"kind":"Pod","metadata":{"labels":{"team":"own"}}}`, `{"kind":"Pod","metadata":{"labels":{"cost-center":"7","team":"own"}}}`},
		"Nobodys":    {addTeamLabels(fstest.MapFS{}), `{"kind":"Pod","metadata":{}}`, `{"kind":"Pod","metadata":{}}`},
		"NotAPod":    {addSidecar, `{"kind":"Pod","spec":7}`, ".spec.containers accessor error: 7 is of the type int64, expected map[string]interface{}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.TrimSuffix(call(t, tc.initializer, tc.object), "\n")
			if diff := cmp.Diff(strings.TrimSuffix(tc.want, "\n"), got); diff != "" {
				t.Errorf("-want, +got:\n%s", diff)
			}
		})
	}
}
