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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/testutil"
)

// annotated returns a ConfigMap that says itself how much of it is kept.
func annotated(name, extent, value string) manifest {
	m := configMap("ns", name, value)
	m.metadata()["annotations"] = map[string]string{"extent": extent}
	return m
}

func labelled(name, tier, value string) manifest {
	m := configMap("ns", name, value)
	m.metadata()["labels"] = map[string]string{"tier": tier}
	return m
}

// byAnnotation keeps what the annotation says.
var byAnnotation = View{Name: "by annotation", Intake: func(o *Object) Extent {
	return map[string]Extent{"metadata": Metadata, "whole": Whole}[o.Annotations()["extent"]]
}}

func openView(t *testing.T, c *Cache, v View) (*Store, *recorder) {
	t.Helper()
	s := c.OpenView(t.Context(), configMaps, v)
	t.Cleanup(s.Close)
	if err := s.WaitForSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	s.AddHandler(r.handle)
	return s, r
}

func TestViewIntake(t *testing.T) {
	for name, streams := range map[string]bool{"StreamedList": true, "PlainList": false} {
		t.Run(name, func(t *testing.T) {
			api := newAPIServer(t)
			api.streamsLists = streams
			api.put(configMapsPath, annotated("whole", "whole", "1"))
			api.put(configMapsPath, annotated("part", "metadata", "1"))
			api.put(configMapsPath, annotated("none", "nothing", "1"))
			s, r := openView(t, runCache(t, api), byAnnotation)
			if got := r.take(t, 2); len(got) != 2 {
				t.Errorf("initial events %q, want two", got)
			}
			if s.Get("ns", "none") != nil {
				t.Error("an object is there of which nothing is kept")
			}
			part := s.Get("ns", "part")
			if raw := string(part.Raw); !strings.HasPrefix(raw, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{`) || !strings.HasSuffix(raw, `}}`) ||
				strings.Contains(raw, `"data"`) || part.Annotations()["extent"] != "metadata" {
				t.Errorf("of an object of which metadata is kept, Raw is %s", raw)
			}
			before := part.ContentDigest
			api.put(configMapsPath, annotated("part", "metadata", "2"))
			if diff := cmp.Diff([]string{"update ns/part "}, r.take(t, 1)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if s.Get("ns", "part").ContentDigest == before {
				t.Error("the digest does not tell that content changed which is not kept")
			}

			api.put(configMapsPath, annotated("none", "whole", "2"))
			api.put(configMapsPath, annotated("none", "nothing", "3"))
			api.put(configMapsPath, annotated("none", "nothing", "4"))
			api.delete(configMapsPath, "ns", "none")
			api.put(configMapsPath, annotated("whole", "whole", "2"))
			// What leaves is told of as it was kept last.
			if diff := cmp.Diff([]string{`add ns/none "2"`, `delete ns/none "2"`, `update ns/whole "2"`}, r.take(t, 3)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			// What leaves unseen, too.
			api.dropWatches()
			api.put(configMapsPath, annotated("whole", "nothing", "3"))
			api.forget()
			if diff := cmp.Diff([]string{`delete ns/whole "2"`}, r.take(t, 1)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestViewSelector(t *testing.T) {
	api := newAPIServer(t)
	api.put(configMapsPath, labelled("a", "web", "1"))
	api.put(configMapsPath, labelled("b", "db", "1"))
	s, r := openView(t, runCache(t, api), View{Selector: "tier=web"})
	if diff := cmp.Diff([]string{`add ns/a "1"`}, r.take(t, 1)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	told := make(chan string, 100)
	s.AddHandler(func(e Event) { told <- e.Object().ResourceVersion })
	api.put(configMapsPath, labelled("b", "web", "2"))
	api.put(configMapsPath, labelled("a", "db", "2"))
	api.put(configMapsPath, labelled("b", "web", "3"))
	if diff := cmp.Diff([]string{`add ns/b "2"`, `delete ns/a "1"`, `update ns/b "3"`}, r.take(t, 3)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	for _, want := range []string{"101", "103", "104", "105"} {
		if got := <-told; got != want {
			t.Errorf("an event has the version %s, want %s", got, want)
		}
	}
	if all, selected := api.requested(configMapsPath), api.requested(configMapsPath, "labelSelector=tier%3Dweb"); all != selected {
		t.Errorf("%d of %d requests had the selector", selected, all)
	}
}

func TestViewsShare(t *testing.T) {
	api := newAPIServer(t)
	api.put(configMapsPath, annotated("a", "whole", "1"))
	c := runCache(t, api)
	equal := View{Name: byAnnotation.Name, Intake: byAnnotation.Intake}
	for _, v := range []View{{}, byAnnotation, equal, {Selector: "tier=web"}, {Selector: "tier=web"}, {}} {
		openView(t, c, v)
	}
	if watches := api.openWatches(configMapsPath); watches != 3 {
		t.Errorf("%d watches for three different views", watches)
	}
}

// Memory is in proportion to what is selected, not to what there is.
func TestMetricsOfSelection(t *testing.T) {
	const all, every = 10_000, 100
	api := newAPIServer(t)
	for i := range all {
		extent := "nothing"
		if i%every == 0 {
			extent = "whole"
		}
		api.put(configMapsPath, annotated(fmt.Sprint("m", i), extent, "1"))
	}
	registry := metrics.NewKubeRegistry()
	m, err := NewMetrics(registry.Register)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCache(api.config(), Options{Metrics: m})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Run(t.Context()) // never fails
	}()
	t.Cleanup(func() { <-done })
	s, _ := openView(t, c, byAnnotation)
	bytes := 0
	for o := range s.All() {
		bytes += len(o.Raw)
	}
	expect := func(want string) {
		t.Helper()
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "hookplane_cached_objects", "hookplane_cached_object_bytes"); err != nil {
			t.Error(err)
		}
	}
	const form = `
		# HELP hookplane_cached_object_bytes [ALPHA] Size of the JSON of the objects that are kept in memory.
		# TYPE hookplane_cached_object_bytes gauge
		hookplane_cached_object_bytes{group="",resource="configmaps",version="v1"} %d
		# HELP hookplane_cached_objects [ALPHA] Objects that are kept in memory. One counts once for each selection of its type that controllers watch and that it is in.
		# TYPE hookplane_cached_objects gauge
		hookplane_cached_objects{group="",resource="configmaps",version="v1"} %d
	`
	expect(fmt.Sprintf(form, bytes, all/every))
	second := c.OpenView(t.Context(), configMaps, View{})
	if err := second.WaitForSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	second.Close()
	<-second.informer.done
	expect(fmt.Sprintf(form, bytes, all/every))
	s.Close()
	<-s.informer.done
	expect("")
}
