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
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/artifacts/examples/hookserver"
	"github.com/hookplane/hookplane/artifacts/examples/hookserver/hookservertest"
)

func TestSyncOverHTTP(t *testing.T) {
	hookservertest.Check(t, hookserver.HandleContext(newRegistrar(t, &registry{}).sync), "/sync", map[string]hookservertest.Call{
		"Object":   {Body: service, Status: http.StatusOK, Want: `"annotations":`},
		"NoObject": {Body: `{}`, Status: http.StatusUnprocessableEntity, Want: "the request has no object"},
		"NotJSON":  {Body: `hello`, Status: http.StatusBadRequest, Want: "invalid character"},
	})
}

// Without another one the hook is the registry, too.
func TestOwnRegistry(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = hooks(server.Listener.Addr().String(), "")
	server.Start()
	defer server.Close()
	response, err := http.Post(server.URL+"/sync", "application/json", strings.NewReader(service))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", response.StatusCode)
	}
	if response, err = http.Get(server.URL + "/registry/records"); err != nil {
		t.Fatal(err)
	}
	listed, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if string(listed) != "shop.example.com n/shop\n" {
		t.Errorf("registered is %q, want the Service", listed)
	}
}
