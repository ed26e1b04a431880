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

package assets

import (
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	started := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	p := newProgress(nil, started)
	expect := func(after time.Duration, want string) {
		t.Helper()
		if got := p.line(started.Add(after)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	write := func(output string) {
		t.Helper()
		if n, err := p.Write([]byte(output)); n != len(output) || err != nil {
			t.Fatalf("Write(%q): got %d and error %v", output, n, err)
		}
	}
	expect(0, "0s so far, 0 modules downloaded")
	write("go: downloading k8s.io/api v0.37.2\ngo: downloading k8s.io/kube")
	expect(10*time.Second, "10s so far, 1 modules downloaded")
	write("rnetes v1.37.2\n")
	expect(20*time.Second, "20s so far, 2 modules downloaded")
	p.setPackages(2734)
	write("internal/abi\nk8s.io/api/core/v1\nk8s.io/klog/v2")
	expect(90*time.Second+400*time.Millisecond, "1m30s so far, 2 of at most 2734 packages compiled")
	write("\n# k8s.io/broken\nmain.go:3:1: syntax error\n")
	expect(100*time.Second, "1m40s so far, 3 of at most 2734 packages compiled")
	if got, want := p.failure(), "# k8s.io/broken\nmain.go:3:1: syntax error\n"; got != want {
		t.Errorf("failure: got %q, want %q", got, want)
	}
}
