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

package integration

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// What a server may have more after the second half of the soak than before. Thousands of edits and calls lie between, and
// some restarts of kube-apiserver: what leaks with one of them leaks more than this in a long soak, and goroutines in a short
// one. Less is not to be had: idle connections come and go, and caches of a fixed size (of events, of authorizations) fill up.
const (
	moreGoroutines = 60
	moreHeap       = 24 << 20 // bytes
)

// footprint is what a server takes.
type footprint struct {
	goroutines stacks
	heap       int // bytes of live objects
}

var heapAlloc = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)`)

// readFootprint asks the server itself, after it has collected its garbage.
func readFootprint(ctx context.Context) (footprint, error) {
	goroutines, err := profile(ctx, "goroutine?debug=1")
	if err != nil {
		return footprint{}, err
	}
	if _, err := profile(ctx, "heap?gc=1&debug=1"); err != nil { // pools give up what they hold at the second collection
		return footprint{}, err
	}
	heap, err := profile(ctx, "heap?gc=1&debug=1")
	if err != nil {
		return footprint{}, err
	}
	match := heapAlloc.FindStringSubmatch(heap)
	if match == nil {
		return footprint{}, fmt.Errorf("no %s in the profile", heapAlloc)
	}
	bytes, err := strconv.Atoi(match[1])
	return footprint{goroutines: parseStacks(goroutines), heap: bytes}, err
}

// profile returns a profile of the server, whose address is the one that kube-apiserver has of it.
func profile(ctx context.Context, name string) (string, error) {
	apiServices := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	registered, err := get(ctx, apiServices, "", "v1alpha1.metacontroller.k8s.io")
	if err != nil {
		return "", err
	}
	port, _, _ := unstructured.NestedInt64(registered.Object, "spec", "service", "port")
	config := rest.CopyConfig(env.config)
	config.CAData, config.CAFile, config.Insecure = nil, "", true
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return "", err
	}
	defer client.CloseIdleConnections()
	url := fmt.Sprintf("https://127.0.0.1:%d/debug/pprof/%s", port, name)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", url, response.Status, body)
	}
	return string(body), err
}

// measure returns what the server takes now.
func (s *soak) measure() footprint {
	s.t.Helper()
	f, err := readFootprint(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("%d goroutines, %d KiB of heap", f.goroutines.total(), f.heap>>10)
	return f
}

// leakedNothing compares what the server takes with what the same process took before, at as many parents.
func (s *soak) leakedNothing(before footprint) {
	s.t.Helper()
	var now footprint
	s.within("the server takes no more than before", func() error {
		var err error
		if now, err = readFootprint(s.t.Context()); err != nil {
			return err
		}
		if then, more := before.goroutines.total(), now.goroutines.total(); more > then+moreGoroutines {
			return fmt.Errorf("%d goroutines; there were %d:\n%s", more, then, now.goroutines.grown(before.goroutines))
		}
		if now.heap > before.heap+before.heap/4+moreHeap {
			return fmt.Errorf("%d KiB of heap; there were %d KiB", now.heap>>10, before.heap>>10)
		}
		return nil
	})
	s.t.Logf("%d goroutines, %d KiB of heap in the end", now.goroutines.total(), now.heap>>10)
}
