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

package initializer

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/pkg/hook"
)

// BenchmarkReviewerReview is what admission costs beside the calls themselves: the hooks answer at once.
func BenchmarkReviewerReview(b *testing.B) {
	const object = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","labels":{"order":"%s"}},"spec":{"text":"%s"}}`
	text := strings.Repeat("x", 1000)
	answer := fmt.Appendf(nil, `{"object":`+object+`}`, "done", text)
	for _, n := range []int{1, 3, 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			hooks, controllers := hooks{}, []*controller(nil)
			for i := range n {
				name := fmt.Sprint("i", i)
				hooks[name] = func(context.Context, hook.Request) (hook.Response, error) { return hook.Response{Body: answer}, nil }
				controllers = append(controllers, initializer(name))
			}
			f := newFixture(b, hooks, controllers...)
			request := create(fmt.Sprintf(object, "", text))
			b.ReportAllocs()
			for b.Loop() {
				if response, err := f.Review(b.Context(), request); err != nil || !response.Allowed || response.Patch == nil {
					b.Fatal(response, err)
				}
			}
		})
	}
}
