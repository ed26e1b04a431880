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
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
)

// benchmarkItem returns a ConfigMap with 1 KB of data as a list of a real cluster holds it. Three
// have one owner.
func benchmarkItem(i int) []byte {
	const fields = `{"f:data":{".":{},"f:payload":{}},"f:metadata":{"f:labels":{".":{},"f:app":{},"f:part":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"%s\"}":{}}}}`
	owner := fmt.Sprintf("3f2b1c4d-5e6f-4a7b-8c9d-%012d", i/3)
	return fmt.Appendf(nil, `{"metadata":{"name":"shop-%d-part-%d","namespace":"default","uid":"0a1b2c3d-4e5f-4061-8283-%012d",`+
		`"resourceVersion":"%d","creationTimestamp":"2026-01-02T03:04:05Z","labels":{"app":"shop-%d","part":"part-%d"},`+
		`"ownerReferences":[{"apiVersion":"example.com/v1","kind":"Shop","name":"shop-%d","uid":"%s","controller":true,"blockOwnerDeletion":true}],`+
		`"managedFields":[{"manager":"metacontroller","operation":"Apply","apiVersion":"v1","time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1","fieldsV1":`+
		fields+`}]},"data":{"payload":"%s"}}`,
		i/3, i%3, i, 1000+i, i/3, i%3, i/3, owner, owner, strings.Repeat("x", 1024))
}

func BenchmarkDecode(b *testing.B) {
	items := make([][]byte, 3000)
	for i := range items {
		items[i] = benchmarkItem(i)
	}
	d := testDecoder()
	b.SetBytes(int64(len(items[0])))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := d.decode(items[i%len(items)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeFrame decodes what a watch sends: one event on a line.
func BenchmarkDecodeFrame(b *testing.B) {
	frame := fmt.Appendf(nil, `{"type":"MODIFIED","object":%s}`+"\n", benchmarkItem(1))
	decoder := testDecoder()
	w := &watcher[*Object]{decode: decoder.item}
	stream := newValueReader(&repeated{text: frame})
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		frame, err := stream.next()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.event(frame); err != nil {
			b.Fatal(err)
		}
	}
}

// repeated reads as the same text over and over.
type repeated struct {
	text []byte
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// BenchmarkLoad lists 30,000 ConfigMaps of 1 KB over HTTP and reports how much memory each takes then,
// indexes and everything else that a store has included.
func BenchmarkLoad(b *testing.B) {
	const count = 30_000
	var list strings.Builder
	list.WriteString(`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"99999"},"items":[`)
	for i := range count {
		if i > 0 {
			list.WriteByte(',')
		}
		list.Write(benchmarkItem(i))
	}
	list.WriteString(`]}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch query := r.URL.Query(); {
		case r.URL.Path != configMapsPath || query.Has("sendInitialEvents"):
			http.NotFound(w, r)
		case query.Has("watch"):
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			_, _ = w.Write([]byte(list.String()))
		}
	}))
	defer server.Close()
	perObject := 0.0
	for b.Loop() {
		c, err := NewCache(&rest.Config{Host: server.URL, DisableCompression: true}, Options{FieldManager: "metacontroller"})
		if err != nil {
			b.Fatal(err)
		}
		before := heapBytes()
		s := c.Open(b.Context(), configMaps)
		if err := s.WaitForSync(b.Context()); err != nil {
			b.Fatal(err)
		}
		perObject = float64(heapBytes()-before) / count
		s.Close()
		<-s.informer.done
	}
	b.ReportMetric(perObject, "B/object")
}

func heapBytes() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// BenchmarkOwnedBy finds three children among 30,000.
func BenchmarkOwnedBy(b *testing.B) {
	x, d := newIndex(), testDecoder()
	var last *Object
	for i := range 30_000 {
		o, err := d.decode(benchmarkItem(i))
		if err != nil {
			b.Fatal(err)
		}
		x.put(o)
		last = o
	}
	uid := last.ControllerUID()
	b.ReportAllocs()
	for b.Loop() {
		if got := len(x.ownedBy(uid)); got != 3 {
			b.Fatalf("found %d objects, want 3", got)
		}
	}
}

// BenchmarkOrphans finds two orphans by label among 20,000 others in their namespace.
func BenchmarkOrphans(b *testing.B) {
	x := newIndex()
	for i := range 20_000 {
		app := "other"
		if i%10_000 == 0 {
			app = "wanted"
		}
		x.put(&Object{Namespace: "ns", Name: fmt.Sprint("o", i), Labels: map[string]string{"app": app, "tier": "x"}})
	}
	selector := labels.SelectorFromSet(labels.Set{"app": "wanted", "tier": "x"})
	b.ReportAllocs()
	for b.Loop() {
		if got := len(x.orphansIn("ns", selector)); got != 2 {
			b.Fatalf("found %d orphans, want 2", got)
		}
	}
}

// BenchmarkDecodeMaps is the yardstick: what decoding into maps costs.
func BenchmarkDecodeMaps(b *testing.B) {
	item := benchmarkItem(1)
	b.SetBytes(int64(len(item)))
	b.ReportAllocs()
	for b.Loop() {
		var object map[string]any
		if err := json.Unmarshal(item, &object); err != nil {
			b.Fatal(err)
		}
	}
}
