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

package apply

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/hookplane/hookplane/pkg/plan"
)

var rules = []plan.Rule{
	{APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespaced: true},
	{APIVersion: "example.com/v1", Kind: "Tenant", Resource: "tenants"},
	{APIVersion: "a/b/c", Kind: "Wrong", Resource: "wrongs"},
}

const (
	applyType  = "application/apply-patch+yaml"
	deleteBody = `{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"solr-uid","resourceVersion":"7"},` +
		`"propagationPolicy":"Background"}`
	body       = `{"spec":{"image":"solr:9"}}`
	observed   = `{"metadata":{"name":"solr","resourceVersion":"7","generation":1},"spec":{"image":"solr:9"},"status":{"phase":"Running"}}`
	podPath    = "/api/v1/namespaces/default/pods/solr"
	applyQuery = "fieldManager=metacontroller&force=true"
)

func newWrite(op plan.Op, body string) plan.Write {
	write := plan.Write{Op: op, Key: plan.ChildKey{Namespace: "default", Name: "solr"}}
	if body != "" {
		write.Body = []byte(body)
	}
	if op != plan.Create {
		write.UID, write.ResourceVersion = "solr-uid", "7"
	}
	if op == plan.Delete && body != "" {
		write.Observed = []byte(observed)
	}
	return write
}

func TestApplierChildren(t *testing.T) {
	applied := request{"PATCH", podPath, applyQuery, applyType, metadataOnly, body}
	deleted := request{"DELETE", podPath, "", "application/json", metadataOnly, deleteBody}
	tried := request{"PATCH", podPath, "dryRun=All&" + applyQuery, applyType, "application/json", body}
	tests := map[string]struct {
		write     plan.Write
		responses []response
		want      Outcome
		wantErr   string
		kind      func(error) bool
		requests  []request
	}{
		"Create": {
			write: newWrite(plan.Create, body), responses: []response{object("8")},
			want:     Outcome{ResourceVersion: "8"},
			requests: []request{{"PATCH", podPath, "fieldManager=metacontroller&force=false", applyType, metadataOnly, body}},
		},
		"CreateClusterScoped": {
			write:     plan.Write{Op: plan.Create, Key: plan.ChildKey{Rule: 1, Name: "a"}, Body: []byte(body)},
			responses: []response{object("8")},
			want:      Outcome{ResourceVersion: "8"},
			requests: []request{{
				"PATCH", "/apis/example.com/v1/tenants/a", "fieldManager=metacontroller&force=false", applyType, metadataOnly, body,
			}},
		},
		"CreateWithControlCharacters": {
			write: newWrite(plan.Create, "{\"a\":\"x\u007f\"}"), responses: []response{object("8")},
			want: Outcome{ResourceVersion: "8"},
			requests: []request{{
				"PATCH", podPath, "fieldManager=metacontroller&force=false", applyType, metadataOnly, `{"a":"x\u007f"}`,
			}},
		},
		"CreateTaken": {
			write: newWrite(plan.Create, body), responses: []response{failure(t, errConflict)},
			wantErr:  `cannot create Pod "default/solr": Operation cannot be fulfilled on pods "solr"`,
			kind:     apierrors.IsConflict,
			requests: []request{{"PATCH", podPath, "fieldManager=metacontroller&force=false", applyType, metadataOnly, body}},
		},
		"CreateForbidden": {
			write: newWrite(plan.Create, body), responses: []response{failure(t, errForbidden)},
			wantErr:  `cannot create Pod "default/solr": pods "solr" is forbidden`,
			kind:     apierrors.IsForbidden,
			requests: []request{{"PATCH", podPath, "fieldManager=metacontroller&force=false", applyType, metadataOnly, body}},
		},
		"Update": {
			write: newWrite(plan.Update, body), responses: []response{object("8")},
			want:     Outcome{ResourceVersion: "8"},
			requests: []request{applied},
		},
		"UpdateUnchanged": {
			write: newWrite(plan.Update, body), responses: []response{object("7")},
			want:     Outcome{ResourceVersion: "7", Unchanged: true},
			requests: []request{applied},
		},
		"UpdateImmutableField": {
			write: newWrite(plan.Update, body), responses: []response{failure(t, errImmutable)},
			wantErr:  `cannot update Pod "default/solr": spec cannot be changed in place: set updateStrategy.method of the child's rule to Recreate`,
			kind:     apierrors.IsInvalid,
			requests: []request{applied},
		},
		"UpdateSuccessor": {
			write: newWrite(plan.Update, body), responses: []response{failure(t, errOtherUID)},
			wantErr:  "another object may have its name now",
			kind:     apierrors.IsConflict,
			requests: []request{applied},
		},
		"UpdatePutOff": {
			write: newWrite(plan.Update, body),
			responses: []response{
				{code: http.StatusTooManyRequests, header: map[string]string{"Retry-After": "0"}}, object("8"),
			},
			want:     Outcome{ResourceVersion: "8"},
			requests: []request{applied, applied},
		},
		"UpdateServerError": {
			write: newWrite(plan.Update, body), responses: []response{{code: http.StatusInternalServerError, body: "{}"}},
			wantErr:  `cannot update Pod "default/solr": an error on the server`,
			kind:     apierrors.IsInternalError,
			requests: []request{applied},
		},
		"UpdateGarbage": {
			write: newWrite(plan.Update, body), responses: []response{{code: http.StatusOK, body: "<html>"}},
			wantErr:  `cannot update Pod "default/solr": cannot read the API server's answer`,
			requests: []request{applied},
		},
		"Delete": {
			write: newWrite(plan.Delete, ""), responses: []response{object("8")},
			want:     Outcome{ResourceVersion: "8"},
			requests: []request{deleted},
		},
		"DeleteAtOnce": {
			write: newWrite(plan.Delete, ""), responses: []response{{code: 200, body: `{"kind":"Status","status":"Success","metadata":{}}`}},
			want:     Outcome{Gone: true},
			requests: []request{deleted},
		},
		"DeleteGone": {
			write: newWrite(plan.Delete, ""), responses: []response{failure(t, errNotFound)},
			want:     Outcome{Gone: true},
			requests: []request{deleted},
		},
		"DeleteChanged": {
			write: newWrite(plan.Delete, ""), responses: []response{failure(t, errConflict)},
			wantErr:  `cannot delete Pod "default/solr": Operation cannot be fulfilled`,
			kind:     apierrors.IsConflict,
			requests: []request{deleted},
		},
		"DeleteGarbage": {
			write: newWrite(plan.Delete, ""), responses: []response{{code: http.StatusOK, body: "<html>"}},
			wantErr:  `cannot delete Pod "default/solr": cannot read the API server's answer`,
			requests: []request{deleted},
		},
		"RecreateEqual": {
			write: newWrite(plan.Delete, body),
			responses: []response{{code: 200, body: `{"spec":{"image":"solr:9"},"metadata":{"name":"solr","managedFields":[{}],` +
				`"generation":2,"resourceVersion":"9"},"status":{}}`}},
			want:     Outcome{ResourceVersion: "7", Unchanged: true},
			requests: []request{tried},
		},
		"RecreateDifferent": {
			write:     newWrite(plan.Delete, body),
			responses: []response{{code: 200, body: strings.Replace(observed, "solr:9", "solr:10", 1)}, object("8")},
			want:      Outcome{ResourceVersion: "8"},
			requests:  []request{tried, deleted},
		},
		"RecreateImmutableField": {
			write: newWrite(plan.Delete, body), responses: []response{failure(t, errImmutable), object("8")},
			want:     Outcome{ResourceVersion: "8"},
			requests: []request{tried, deleted},
		},
		"RecreateSuccessor": {
			write: newWrite(plan.Delete, body), responses: []response{failure(t, errOtherUID)},
			wantErr:  `cannot recreate Pod "default/solr": dry run: Operation cannot be fulfilled`,
			kind:     apierrors.IsConflict,
			requests: []request{tried},
		},
		"RecreateForbidden": {
			write: newWrite(plan.Delete, body), responses: []response{failure(t, errForbidden)},
			wantErr:  `cannot recreate Pod "default/solr": dry run: pods "solr" is forbidden`,
			kind:     apierrors.IsForbidden,
			requests: []request{tried},
		},
		"RecreateGarbage": {
			write: newWrite(plan.Delete, body), responses: []response{{code: http.StatusOK, body: "<html>"}},
			wantErr:  `cannot recreate Pod "default/solr": cannot read the API server's answer`,
			requests: []request{tried},
		},
		"RecreateObservedGarbage": {
			write: func() plan.Write {
				write := newWrite(plan.Delete, body)
				write.Observed = nil
				return write
			}(),
			responses: []response{object("8")},
			wantErr:   `cannot recreate Pod "default/solr": cannot read the observed object`,
			requests:  []request{tried},
		},
		"UnknownOperation": {
			write:   newWrite("Replace", body),
			wantErr: `cannot write Pod "default/solr": unknown operation "Replace"`,
		},
		"WrongAPIVersion": {
			write:   plan.Write{Op: plan.Create, Key: plan.ChildKey{Rule: 2, Name: "a"}},
			wantErr: `cannot write Wrong "a": unexpected GroupVersion string: a/b/c`,
		},
		"NameOutsideOfPath": {
			write:   plan.Write{Op: plan.Create, Key: plan.ChildKey{Namespace: "default", Name: "../x"}},
			wantErr: `cannot create Pod "default/../x": invalid resource name`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			applier, server := newApplier(t, tc.responses...)
			got := applier.Children(t.Context(), rules, []plan.Write{tc.write})[0]
			switch {
			case tc.wantErr == "" && got.Err != nil:
				t.Errorf("want no error, got %v", got.Err)
			case tc.wantErr != "" && (got.Err == nil || !strings.Contains(got.Err.Error(), tc.wantErr)):
				t.Errorf("want error %q, got %v", tc.wantErr, got.Err)
			case tc.kind != nil && !tc.kind(got.Err):
				t.Errorf("the error is of another kind: %v", got.Err)
			}
			got.Err = nil
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.requests, server.recorded()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
