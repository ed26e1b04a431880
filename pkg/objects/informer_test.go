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
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestStoreFollowsTheCluster(t *testing.T) {
	cases := map[string]struct {
		streamsLists bool
		pageSize     int
	}{
		"StreamedList": {streamsLists: true, pageSize: 1000},
		"PlainList":    {streamsLists: false, pageSize: 1000},
		"Pages":        {streamsLists: false, pageSize: 2},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			api := newAPIServer(t)
			api.streamsLists, api.pageSize = tc.streamsLists, tc.pageSize
			for i := range 5 {
				api.put(configMapsPath, configMap("ns", fmt.Sprint("m", i), "1"))
			}
			s := openSynced(t, runCache(t, api))
			var r recorder
			s.AddHandler(r.handle)
			got := r.take(t, 5)
			slices.Sort(got)
			if diff := cmp.Diff([]string{`add ns/m0 "1"`, `add ns/m1 "1"`, `add ns/m2 "1"`, `add ns/m3 "1"`, `add ns/m4 "1"`}, got); diff != "" {
				t.Errorf("initial events: -want +got:\n%s", diff)
			}
			api.put(configMapsPath, configMap("ns", "m0", "2"))
			api.put(configMapsPath, configMap("ns", "new", "3"))
			api.delete(configMapsPath, "ns", "m1")
			if diff := cmp.Diff([]string{`update ns/m0 "2"`, `add ns/new "3"`, `delete ns/m1 "1"`}, r.take(t, 3)); diff != "" {
				t.Errorf("events: -want +got:\n%s", diff)
			}
			if s.Get("ns", "m1") != nil || string(findMember(s.Get("ns", "m0").Raw, "data", "k")) != `"2"` {
				t.Errorf("Get: m1 is %v, m0 is %v", s.Get("ns", "m1"), s.Get("ns", "m0"))
			}
			if err := s.Err(); err != nil {
				t.Errorf("Err: got %v, want nil", err)
			}
		})
	}
}

func TestStoreResumesAfterConnectionDrop(t *testing.T) {
	api := newAPIServer(t)
	api.put(configMapsPath, configMap("ns", "a", "1"))
	s := openSynced(t, runCache(t, api))
	var r recorder
	s.AddHandler(r.handle)
	r.take(t, 1)
	api.bookmark(configMapsPath)
	api.put(secretsPath, configMap("ns", "other", "1")) // moves the version, but not of this watch
	api.put(configMapsPath, configMap("ns", "a", "2"))
	r.take(t, 1)
	api.bookmark(configMapsPath)
	lastVersion := fmt.Sprint("resourceVersion=", api.version)
	api.dropWatches()
	eventually(t, "the watch is resumed from the bookmark", func() bool {
		return api.requested(configMapsPath, "watch=true", lastVersion) > 0
	})
	api.put(configMapsPath, configMap("ns", "a", "3"))
	if diff := cmp.Diff([]string{`update ns/a "3"`}, r.take(t, 1)); diff != "" {
		t.Errorf("events: -want +got:\n%s", diff)
	}
	if got := api.requested(configMapsPath, "sendInitialEvents"); got != 1 {
		t.Errorf("listed %d times, want once", got)
	}
}

func TestStoreRelistsWithExactEvents(t *testing.T) {
	api := newAPIServer(t)
	for _, name := range []string{"changed", "deleted", "recreated", "same"} {
		api.put(configMapsPath, configMap("ns", name, "1"))
	}
	s := openSynced(t, runCache(t, api))
	var r recorder
	s.AddHandler(r.handle)
	r.take(t, 4)
	api.setRefuse(func(*http.Request) *apierrors.StatusError { return apierrors.NewServiceUnavailable("down") })
	api.dropWatches()
	eventually(t, "the failure is seen", func() bool { return s.Err() != nil })
	api.put(configMapsPath, configMap("ns", "changed", "2"))
	api.delete(configMapsPath, "ns", "deleted")
	api.delete(configMapsPath, "ns", "recreated")
	api.put(configMapsPath, configMap("ns", "recreated", "2"))
	api.put(configMapsPath, configMap("ns", "new", "1"))
	api.forget()
	api.setRefuse(nil)
	got := r.take(t, 5)
	slices.Sort(got)
	want := []string{`add ns/new "1"`, `add ns/recreated "2"`, `delete ns/deleted "1"`, `delete ns/recreated "1"`, `update ns/changed "2"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events: -want +got:\n%s", diff)
	}
	eventually(t, "the failure is forgotten", func() bool { return s.Err() == nil })
}
