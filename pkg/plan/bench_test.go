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

package plan

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

const benchmarkPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod-%d","labels":{"app":"shop"}},"spec":{"containers":[` +
	`{"name":"solr","image":"solr:9","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"ports":[{"containerPort":80}]}]}}`

// benchmarkInput is a parent with three children that are as desired.
func benchmarkInput(b *testing.B) Input {
	b.Helper()
	in := newInput(InPlace, fmt.Sprintf(benchmarkPod, 0), fmt.Sprintf(benchmarkPod, 1), fmt.Sprintf(benchmarkPod, 2))
	in.GenerateSelector = true
	in.Selector = labels.SelectorFromSet(labels.Set{SelectorLabel: string(in.Parent.UID)})
	for i, write := range mustPlan(b, in).Writes {
		server := newServer(b, "v1", "Pod")
		server.apply(b, write.Body)
		in.Children = append(in.Children, Child{
			Namespace: "default", Name: write.Key.Name, UID: "uid", ResourceVersion: fmt.Sprint(i), ControllerUID: in.Parent.UID,
			Raw: server.object(b), AppliedFields: server.appliedFields(b), ContentDigest: uint64(i),
		})
	}
	return in
}

// BenchmarkCompositeSettled is the sync of a parent of which nothing changed.
func BenchmarkCompositeSettled(b *testing.B) {
	in := benchmarkInput(b)
	in.Settled = mustPlan(b, in).Settled
	if len(in.Settled) != 3 {
		b.Fatalf("want 3 settled children, got %d", len(in.Settled))
	}
	b.ReportAllocs()
	for b.Loop() {
		mustPlan(b, in)
	}
}

// BenchmarkCompositeUnsettled is the same sync after a restart: all children have to be compared.
func BenchmarkCompositeUnsettled(b *testing.B) {
	in := benchmarkInput(b)
	b.ReportAllocs()
	for b.Loop() {
		mustPlan(b, in)
	}
}
