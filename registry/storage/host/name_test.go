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

package host

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestRecordName(t *testing.T) {
	long := strings.Repeat("n", 200)
	for key, want := range map[string]string{
		"name": "name", "a.b.c": "a.b.c", "ns/name": "ns.name", "ns/a.b": "ns.a.b",
		"/name": strings.Repeat("0", 64) + ".name",
	} {
		if got := recordName(key); got != want {
			t.Errorf("the record of %q is called %q, want %q", key, got, want)
		}
	}
	seen := map[string]string{}
	for _, key := range []string{"", "UPPER", "a//b", "a/b/c", "ns/" + long + long, "ns/" + long + "x" + long, strings.Repeat("a.", 130) + "a"} {
		name := recordName(key)
		if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
			t.Errorf("the record of %q is called %q: %v", key, name, problems)
		}
		if other, taken := seen[name]; taken {
			t.Errorf("the records of %q and %q are both called %q", key, other, name)
		}
		seen[name] = key
	}
}

// TestRecordNameOrder shows that records are in the order of their objects: lists are continued by it.
func TestRecordNameOrder(t *testing.T) {
	keys := []string{"/a", "/b", "a/b", "a/b.c", "a/bc", "a-b/a", "a-b/c", "a0/a", "ab/a", "b/a"}
	slices.Sort(keys)
	names := make([]string, 0, len(keys))
	for _, key := range keys {
		names = append(names, recordName(key))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(names)), names); diff != "" {
		t.Errorf("the order of the names differs (-sorted +got):\n%s", diff)
	}
}
