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
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/hook"
)

func TestDecoratorRequestJSON(t *testing.T) {
	request := &hook.DecoratorRequest{
		Version: hook.V1, Controller: []byte(`{"c":1}`), Parent: []byte(`{"o":1}`), ParentNamespaced: true, ParentNamespace: "default",
		Children: []hook.Group{{Kind: "Service", APIVersion: "v1", Namespaced: true, Objects: []hook.ObjectRef{
			{Namespace: "default", Name: "db-0", Raw: []byte(`{"s":0}`)},
		}}},
		Finalizing: true,
	}
	want := `{"controller":{"c":1},"object":{"o":1},"attachments":{"Service.v1":{"db-0":{"s":0}}},"related":{},"finalizing":true}`
	if diff := cmp.Diff(want, string(request.AppendJSON(nil))); diff != "" {
		t.Errorf("AppendJSON() (-want +got):\n%s", diff)
	}
}

func TestDecodeDecorator(t *testing.T) {
	web := "web"
	for name, tc := range map[string]struct {
		body string
		mode hook.Mode
		want *hookapi.DecoratorResponse
	}{
		"Empty": {body: `{}`, want: &hookapi.DecoratorResponse{}},
		"Full": {
			body: `{"labels":{"tier":"web","old":null},"annotations":{"a/b":null},"status":null,` +
				`"attachments":[{"n":1.0}],"resyncAfterSeconds":2,"finalized":true}`,
			mode: hook.Strict,
			want: &hookapi.DecoratorResponse{
				Labels: map[string]*string{"tier": &web, "old": nil}, Annotations: map[string]*string{"a/b": nil},
				Attachments: []json.RawMessage{[]byte(`{"n":1.0}`)}, ResyncAfterSeconds: 2, Finalized: true,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := hook.DecodeDecorator([]byte(tc.body), tc.mode)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("DecodeDecorator(%s) (-want +got):\n%s", tc.body, diff)
			}
		})
	}
}

func TestDecodeDecoratorErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		mode hook.Mode
		want string
	}{
		"LabelNumber":        {body: `{"labels":{"a":1}}`, want: "labels: want a string, got number"},
		"AttachmentNull":     {body: `{"attachments":[null]}`, want: "attachments[0]: want an object, got null"},
		"AttachmentsNoList":  {body: `{"attachments":{}}`, want: "attachments: want an array, got object"},
		"TooMany":            {body: `{"attachments":[` + strings.Repeat("{},", hook.MaxChildren) + `{}]}`, want: "attachments: there are 10001"},
		"StatusText":         {body: `{"status":"ok"}`, want: "status: want an object, got string"},
		"StrictUnknown":      {body: `{"children":[]}`, mode: hook.Strict, want: `unknown field "children"`},
		"StrictDuplicate":    {body: `{"attachments":[{"a":1,"a":2}]}`, mode: hook.Strict, want: `duplicate field "attachments[0].a"`},
		"StrictDuplicateKey": {body: `{"labels":{"a":"1","a":"2"}}`, mode: hook.Strict, want: `duplicate field "labels.a"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := hook.DecodeDecorator([]byte(tc.body), tc.mode)
			if failure, ok := errors.AsType[*hook.DecodeError](err); !ok || !strings.Contains(failure.Error(), tc.want) {
				t.Errorf("DecodeDecorator(%.60s) = %v, want a DecodeError with %q", tc.body, err, tc.want)
			}
		})
	}
}
