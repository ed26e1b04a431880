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
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hookplane/hookplane/apis/hook"
)

// overspent is a request about a Budget that is exceeded.
const overspent = `{"object": {"apiVersion": "examples.hookplane.dev/v1", "kind": "Budget", "metadata": {"name": "party"}, "spec": {"limit": 50, "items": [{"name": "music", "cost": 30}, {"name": "cake", "cost": 40}, {"name": "fireworks", "cost": 40}]}}}`

func TestSync(t *testing.T) {
	for name, tc := range map[string]struct{ request, want string }{
		"Exceeded": {
			request: overspent,
			want:    `{"labels":{"examples.hookplane.dev/exceeded":"true"},"status":{"dearest":"cake","exceeded":true,"total":110}}`,
		},
		"AtTheLimit": {
			request: strings.Replace(overspent, `"limit": 50`, `"limit": 110`, 1),
			want:    `{"labels":{"examples.hookplane.dev/exceeded":null},"status":{"dearest":"cake","exceeded":false,"total":110}}`,
		},
		"NoItems": {
			request: `{"object": {"kind": "Budget", "metadata": {"name": "party"}, "spec": {"limit": 0}}}`,
			want:    `{"labels":{"examples.hookplane.dev/exceeded":null},"status":{"exceeded":false,"total":0}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var observed hook.DecoratorRequest
			if err := json.Unmarshal([]byte(tc.request), &observed); err != nil {
				t.Fatal(err)
			}
			answer, err := sync(&observed)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decoded(t, []byte(tc.want)), decoded(t, encoded(t, answer))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSyncRefuses(t *testing.T) {
	for name, request := range map[string]string{
		"the request has no object": `{}`, "spec: json: cannot unmarshal": `{"object": {"kind": "Budget", "metadata": {"name": "party"}, "spec": {"limit": "much"}}}`,
	} {
		var observed hook.DecoratorRequest
		if err := json.Unmarshal([]byte(request), &observed); err != nil {
			t.Fatal(err)
		}
		if _, err := sync(&observed); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("sync(%s) = %v, want an error with %q", request, err, name)
		}
	}
}
