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
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

// TestCompositeSettledChecks is about what is still checked of children that were found settled before.
func TestCompositeSettledChecks(t *testing.T) {
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"solr","labels":{"app":"shop"}}}`
	for name, tc := range map[string]struct {
		change func(*Input)
		want   string // part of the error; empty: nothing is wrong, and nothing written
	}{
		"Nothing":  {change: func(*Input) {}},
		"Selector": {change: func(in *Input) { in.Selector = labels.SelectorFromSet(labels.Set{"app": "bank"}) }, want: `[0] Pod "solr": metadata.labels do not match`},
		"NoSelector": {
			change: func(in *Input) { in.Selector = nil },
		},
		"Twice": {change: func(in *Input) { in.Response.Children = append(in.Response.Children, []byte(pod)) }, want: `[1] Pod "solr": is the same object as children[0]`},
		"TwiceInOtherWords": {
			change: func(in *Input) { in.Response.Children = append(in.Response.Children, []byte(" "+pod)) },
			want:   `[1] Pod "solr": is the same object as children[0]`,
		},
		"OtherWords": {
			change: func(in *Input) {
				in.Response.Children[0] = []byte(strings.Replace(pod, `"app"`, `"app":"shop","app"`, 1))
			},
			want: `[0] Pod "solr": duplicate field "metadata.labels.app"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInput(InPlace, pod)
			in.Selector = labels.SelectorFromSet(labels.Set{"app": "shop"})
			write, child := created(t, in)
			in.Children = []Child{child}
			in.Settled = map[ChildKey]Settled{write.Key: write.Settle(child.ResourceVersion)}
			tc.change(&in)
			result, err := Composite(in)
			switch {
			case tc.want == "" && (err != nil || len(result.Writes) > 0):
				t.Errorf("want no error and no writes, got %v, %v", err, result.Writes)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("want an error with %q, got %v", tc.want, err)
			}
		})
	}
}
