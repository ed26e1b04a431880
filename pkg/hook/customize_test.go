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

package hook_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/hook"
)

func TestCustomizeRequest(t *testing.T) {
	request := hook.CustomizeRequest{Controller: []byte(`{"kind":"C"}`), Parent: []byte(`{"kind":"P"}`)}
	if diff := cmp.Diff(`{"controller":{"kind":"C"},"parent":{"kind":"P"}}`, string(request.AppendJSON(nil))); diff != "" {
		t.Errorf("AppendJSON() (-want +got):\n%s", diff)
	}
}

func TestDecodeCustomize(t *testing.T) {
	rule := hookapi.RelatedResourceRule{
		APIVersion: "v1", Resource: "pods", Namespace: "n", Names: []string{"a"},
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}, NamespaceSelector: &metav1.LabelSelector{},
	}
	const text = `{"apiVersion":"v1","resource":"pods","namespace":"n","names":["a"],"labelSelector":{"matchLabels":{"a":"b"}},"namespaceSelector":{}}`
	rules := func(rule string, n int) string {
		return `{"relatedResources":[` + strings.TrimSuffix(strings.Repeat(rule+",", n), ",") + `]}`
	}
	tests := map[string]struct {
		body    string
		mode    hook.Mode
		want    *hookapi.CustomizeResponse
		wantErr string
	}{
		"Empty":       {body: `{}`, mode: hook.Strict, want: &hookapi.CustomizeResponse{}},
		"Null":        {body: `{"relatedResources":null}`, mode: hook.Strict, want: &hookapi.CustomizeResponse{}},
		"AllFields":   {body: rules(text, 1), mode: hook.Strict, want: &hookapi.CustomizeResponse{RelatedResources: []hookapi.RelatedResourceRule{rule}}},
		"Loose":       {body: `{"relatedResources":[{"Resource":"x","kind":"Pod"}],"related":1}`, want: &hookapi.CustomizeResponse{RelatedResources: []hookapi.RelatedResourceRule{{}}}},
		"Strict":      {body: `{"relatedResources":[{"Resource":"x"}],"related":1}`, mode: hook.Strict, wantErr: `unknown field "relatedResources[0].Resource"; unknown field "related"`},
		"StrictTwice": {body: `{"relatedResources":[{"resource":"x","resource":"y"}]}`, mode: hook.Strict, wantErr: `duplicate field "relatedResources[0].resource"`},
		"NotAList":    {body: `{"relatedResources":{}}`, wantErr: "relatedResources: want an array, got object"},
		"NotARule":    {body: `{"relatedResources":["pods"]}`, wantErr: "relatedResources: want a JSON object, got string"},
		"NamesNumber": {body: `{"relatedResources":[{"names":[1]}]}`, wantErr: "relatedResources.names: want a string, got number"},
		"Array":       {body: `[]`, wantErr: "want a JSON object, got array"},
		"TooMany":     {body: rules(`{}`, hookapi.MaxRelatedRules+1), wantErr: "relatedResources: has 257 rules, at most 256 are allowed"},
		"TooManyNames": {
			body: rules(`{"names":[`+strings.TrimSuffix(strings.Repeat(`"a",`, hookapi.MaxRelatedNames/2+1), ",")+`]}`, 3),

			wantErr: "relatedResources[1].names: all rules together list more than 10000 names",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := hook.DecodeCustomize([]byte(tc.body), tc.mode)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("DecodeCustomize() (-want +got):\n%s", diff)
			}
			if tc.wantErr == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if decodeErr, ok := errors.AsType[*hook.DecodeError](err); !ok || !strings.Contains(err.Error(), tc.wantErr) || len(decodeErr.Body) > hook.MaxExcerptBytes {
				t.Errorf("DecodeCustomize() error = %v, want a DecodeError with %q", err, tc.wantErr)
			}
		})
	}
}
