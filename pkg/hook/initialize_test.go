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

package hook

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hookapi "github.com/hookplane/hookplane/apis/hook"
)

func TestInitializeRequestAppendJSON(t *testing.T) {
	request := InitializeRequest{
		Controller: []byte(`{"kind":"InitializerController"}`), Object: []byte(`{"kind":"Pod","metadata":{"name":"web"}}`),
		Info: hookapi.InitializeRequestInfo{Operation: "CREATE", Namespace: "shop", DryRun: true, UserInfo: &hookapi.UserInfo{Username: "jane"}},
	}
	var got hookapi.InitializeRequest
	if err := json.Unmarshal(request.AppendJSON(nil), &got); err != nil {
		t.Fatal(err)
	}
	if got.Object.GetName() != "web" || got.Controller.GetKind() != "InitializerController" {
		t.Errorf("the request has the object %v and the controller %v", got.Object, got.Controller)
	}
	if diff := cmp.Diff(request.Info, got.Request); diff != "" {
		t.Errorf("request: -want, +got:\n%s", diff)
	}
}

func TestDecodeInitialize(t *testing.T) {
	failure := func(code int32, reason metav1.StatusReason, message string) *metav1.Status {
		return &metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
	}
	for name, tc := range map[string]struct {
		body   string
		mode   Mode
		object string
		result *metav1.Status
		err    string
	}{
		"Object":          {body: `{"object":{"a":1e400}}`, object: `{"a":1e400}`},
		"Success":         {body: `{"object":{},"result":{"status":"Success"}}`, object: `{}`},
		"NullResult":      {body: `{"object":{},"result":null}`, object: `{}`},
		"Failure":         {body: `{"object":{},"result":{"status":"Failure","message":"m","reason":"r","code":403,"details":{"name":"x"}}}`, result: failure(403, "r", "m")},
		"FailureWithout":  {body: `{"result":{"status":"Failure"}}`, result: failure(400, "", "the hook gives no reason")},
		"CodeOfSuccess":   {body: `{"result":{"status":"Failure","code":200,"message":"m"}}`, result: failure(400, "", "m")},
		"CodeOfNothing":   {body: `{"result":{"status":"Failure","code":1000,"message":"m"}}`, result: failure(400, "", "m")},
		"StrangeStatus":   {body: `{"object":{},"result":{"status":"Maybe"}}`, err: `result.status: want Success or Failure, got "Maybe"`},
		"NoObject":        {body: `{}`, err: "object: is missing"},
		"NullObject":      {body: `{"object":null}`, err: "object: is missing"},
		"ArrayObject":     {body: `{"object":[]}`, err: "object: want an object, got array"},
		"Huge":            {body: `{"object":{"a":"` + strings.Repeat("x", MaxObjectBytes) + `"}}`, err: "at most 3145728 are possible"},
		"UnknownLoose":    {body: `{"object":{},"x":1}`, object: `{}`},
		"UnknownStrict":   {body: `{"object":{},"x":1}`, mode: Strict, err: `unknown field "x"`},
		"DuplicateStrict": {body: `{"object":{"a":1,"a":2}}`, mode: Strict, err: `duplicate field "object.a"`},
		"NotJSON":         {body: `<html>`, err: "not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeInitialize([]byte(tc.body), tc.mode)
			if tc.err != "" {
				if _, ok := errors.AsType[*DecodeError](err); !ok || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("DecodeInitialize gives %v, want a DecodeError with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.object, string(got.Object)); diff != "" {
				t.Errorf("object: -want, +got:\n%s", diff)
			}
			if diff := cmp.Diff(tc.result, got.Result); diff != "" {
				t.Errorf("result: -want, +got:\n%s", diff)
			}
		})
	}
	long, err := DecodeInitialize([]byte(`{"result":{"status":"Failure","message":"`+strings.Repeat("é", 10000)+`"}}`), Loose)
	if err != nil || len(long.Result.Message) > maxMessageBytes {
		t.Errorf("a long message has %d bytes, %v", len(long.Result.Message), err)
	}
}
