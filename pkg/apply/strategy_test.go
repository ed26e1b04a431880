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
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/pkg/plan"
)

// managed is an object with managed fields: of ours by both operations, and of others.
const managed = `{"metadata":{"name":"solr","uid":"solr-uid","resourceVersion":"7",%ANNOTATIONS%"managedFields":[` +
	`{"manager":"metacontroller","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:a":{}}}},` +
	`{"manager":"metacontroller","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:b":{}}}},` +
	`{"manager":"metacontroller","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:status":{}},"subresource":"status"},` +
	`{"manager":"other","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:c":{}}}}]},` +
	`"spec":{"a":1,"b":%B%,"c":3}}`

// managedObject returns the object with a value of b, and with a record of what dynamic-apply applied unless that is empty.
func managedObject(b, record string) string {
	annotations := ""
	if record != "" {
		quoted, _ := json.Marshal(record) // a string always encodes
		annotations = `"annotations":{"` + plan.LastAppliedAnnotation + `":` + string(quoted) + `},`
	}
	return strings.NewReplacer("%ANNOTATIONS%", annotations, "%B%", b).Replace(managed)
}

// fieldsOf renders the managed fields of a body: who owns what by which operation.
func fieldsOf(t *testing.T, body string) []string {
	t.Helper()
	entries, err := readManagedFields([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, e := range entries {
		fields = append(fields, strings.Join([]string{e.Manager, string(e.Operation), e.Subresource, e.FieldsV1.GetRawString()}, " "))
	}
	return fields
}

// sent is what of a request these tests compare.
func sent(requests []request) []string {
	var texts []string
	for _, r := range requests {
		texts = append(texts, r.Method+" "+r.Path+"?"+r.Query)
	}
	return texts
}

func TestApplierStrategies(t *testing.T) {
	const (
		query   = "?fieldManager=metacontroller"
		tryPut  = "PUT " + podPath + "?dryRun=All&fieldManager=metacontroller"
		put     = "PUT " + podPath + query
		tryIt   = "PATCH " + podPath + "?dryRun=All&fieldManager=metacontroller&force=true"
		applyIt = "PATCH " + podPath + query + "&force=true"
		remove  = "DELETE " + podPath + "?"
		whole   = `{"metadata":{"name":"solr","resourceVersion":"7"},"spec":{"a":1}}`
		record  = `{"spec":{"a":1,"b":2}}`
	)
	dynamic := func(op plan.Op, adopts bool) plan.Write {
		write := newWrite(op, whole)
		write.Strategy, write.Adopts = plan.DynamicApply, adopts
		return write
	}
	// adopting is a write by server-side apply of an object with a record.
	adopting := func(op plan.Op, body string) plan.Write {
		write := newWrite(op, body)
		write.Strategy, write.Adopts, write.Observed = plan.ServerSideApply, true, []byte(managedObject("2", record))
		return write
	}
	answer := func(body string) response { return response{code: http.StatusOK, body: body} }
	notFound, exists := failure(t, errNotFound), failure(t, apierrors.NewAlreadyExists(pods, "solr"))
	tests := map[string]struct {
		write     plan.Write
		responses []response
		want      Outcome
		wantErr   string
		conflict  bool
		requests  []string
		fields    []string // in the last request
		last      string   // what the last request has in its body
	}{
		"Create":      {write: dynamic(plan.Create, false), responses: []response{object("8")}, want: Outcome{ResourceVersion: "8"}, requests: []string{"POST /api/v1/namespaces/default/pods" + query}, last: whole},
		"CreateTaken": {write: dynamic(plan.Create, false), responses: []response{exists}, wantErr: "already exists", conflict: true, requests: []string{"POST /api/v1/namespaces/default/pods" + query}},
		"Update":      {write: dynamic(plan.Update, false), responses: []response{object("8")}, want: Outcome{ResourceVersion: "8"}, requests: []string{put}, last: whole},
		"Unchanged":   {write: dynamic(plan.Update, false), responses: []response{object("7")}, want: Outcome{ResourceVersion: "7", Unchanged: true}, requests: []string{put}},
		"UpdateGone":  {write: dynamic(plan.Update, false), responses: []response{notFound}, wantErr: "it was deleted", conflict: true, requests: []string{put}},
		"UpdateStale": {write: dynamic(plan.Update, false), responses: []response{failure(t, errConflict)}, wantErr: "cannot be fulfilled", conflict: true, requests: []string{put}},

		"AdoptApplied": {
			write: dynamic(plan.Update, true), responses: []response{answer(managedObject("2", "")), object("8")},
			want: Outcome{ResourceVersion: "8"}, requests: []string{"GET " + podPath + "?", put},
			fields: []string{
				`metacontroller Update  {"f:spec":{"f:a":{},"f:b":{}}}`, `metacontroller Update status {"f:status":{}}`, `other Update  {"f:spec":{"f:c":{}}}`,
			},
		},
		"AdoptAppliedGone":    {write: dynamic(plan.Update, true), responses: []response{notFound}, wantErr: "it was deleted", conflict: true, requests: []string{"GET " + podPath + "?"}},
		"AdoptAppliedGarbage": {write: dynamic(plan.Update, true), responses: []response{answer("<html>")}, wantErr: "cannot read the managed fields", requests: []string{"GET " + podPath + "?"}},
		"AdoptAppliedFields": {
			write: dynamic(plan.Update, true), responses: []response{answer(strings.Replace(managedObject("2", ""), `"f:a"`, `"a"`, 1))},
			wantErr: "cannot read managed fields", requests: []string{"GET " + podPath + "?"},
		},
		"AdoptAppliedBody": {
			write: func() plan.Write {
				write := dynamic(plan.Update, true)
				write.Body = []byte("{}")
				return write
			}(),
			responses: []response{answer(managedObject("2", ""))}, wantErr: "without metadata", requests: []string{"GET " + podPath + "?"},
		},

		"AdoptRecorded": {
			write: adopting(plan.Update, `{"spec":{"a":1,"b":2}}`), responses: []response{answer(managedObject("2", record)), object("8")},
			want: Outcome{ResourceVersion: "8"}, requests: []string{tryIt, put}, last: `"spec":{"a":1,"b":2,"c":3}`,
			fields: []string{
				`metacontroller Apply  {"f:spec":{"f:a":{}}}`, `metacontroller Update status {"f:status":{}}`, `other Update  {"f:spec":{"f:c":{}}}`,
			},
		},
		"AdoptRecordedLess": {
			write: adopting(plan.Update, `{"spec":{"a":1}}`), responses: []response{answer(managedObject("2", record)), object("8")},
			want: Outcome{ResourceVersion: "8"}, requests: []string{tryIt, put}, last: `"spec":{"a":1,"c":3}`,
		},
		"AdoptRecordedDifferent": {
			write:     adopting(plan.Update, `{"spec":{"a":1,"b":5}}`),
			responses: []response{answer(managedObject("5", record)), answer(managedObject("5", record)), object("9")},
			want:      Outcome{ResourceVersion: "9"}, requests: []string{tryIt, applyIt, put}, last: `"spec":{"a":1,"b":5,"c":3}`,
		},
		"AdoptRecordedRefused": {write: adopting(plan.Update, body), responses: []response{failure(t, errForbidden)}, wantErr: "dry run: ", requests: []string{tryIt}},
		"AdoptRecordedGarbage": {write: adopting(plan.Update, body), responses: []response{answer("<html>")}, wantErr: "cannot read the API server's answer", requests: []string{tryIt}},
		"AdoptRecordedStale": {
			write: adopting(plan.Update, body), responses: []response{answer(managedObject("5", record)), failure(t, errOtherUID)},
			wantErr: "it was deleted", conflict: true, requests: []string{tryIt, applyIt},
		},
		"AdoptRecordedNonsense": {
			write: adopting(plan.Update, body), responses: []response{answer(managedObject("5", record)), answer("[]")},
			wantErr: "cannot read the object", requests: []string{tryIt, applyIt},
		},

		"RecreateDifferent": {write: dynamic(plan.Delete, false), responses: []response{answer(whole), object("8")}, want: Outcome{ResourceVersion: "8"}, requests: []string{tryPut, remove}},
		"RecreateSame": {
			write: dynamic(plan.Delete, false), responses: []response{answer(observed), object("7")},
			want: Outcome{ResourceVersion: "7", Unchanged: true, Kept: true}, requests: []string{tryPut, put},
		},
		"RecreateGone":      {write: dynamic(plan.Delete, false), responses: []response{notFound}, wantErr: "it was deleted", conflict: true, requests: []string{tryPut}},
		"RecreateImmutable": {write: dynamic(plan.Delete, false), responses: []response{failure(t, errImmutable), object("8")}, want: Outcome{ResourceVersion: "8"}, requests: []string{tryPut, remove}},
		"RecreateAdopts": {
			write:     adopting(plan.Delete, `{"spec":{"a":1,"b":2}}`),
			responses: []response{answer(managedObject("2", record)), answer(managedObject("2", "")), object("8")},
			want:      Outcome{ResourceVersion: "8", Kept: true}, requests: []string{tryIt, tryPut, put},
		},
		"RecreateAdoptsLess": {
			write:     adopting(plan.Delete, `{"spec":{"a":1}}`),
			responses: []response{answer(managedObject("2", record)), answer(strings.Replace(managedObject("2", ""), `"b":2,`, "", 1)), object("8")},
			want:      Outcome{ResourceVersion: "8"}, requests: []string{tryIt, tryPut, remove},
		},
		"RecreateAdoptsImmutable": {
			write:     adopting(plan.Delete, `{"spec":{"a":1}}`),
			responses: []response{answer(managedObject("2", record)), failure(t, errImmutable), object("8")},
			want:      Outcome{ResourceVersion: "8"}, requests: []string{tryIt, tryPut, remove},
		},
		"RecreateAdoptsRefused": {
			write:     adopting(plan.Delete, `{"spec":{"a":1}}`),
			responses: []response{answer(managedObject("2", record)), failure(t, errForbidden)},
			wantErr:   "dry run: ", requests: []string{tryIt, tryPut},
		},
		"RecreateAdoptsGarbage": {
			write:     adopting(plan.Delete, `{"spec":{"a":1}}`),
			responses: []response{answer(managedObject("2", record)), answer("<html>")},
			wantErr:   "cannot read the API server's answer", requests: []string{tryIt, tryPut},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			applier, server := newApplier(t, tc.responses...)
			got := applier.Children(t.Context(), rules, []plan.Write{tc.write})[0]
			if (got.Err == nil) != (tc.wantErr == "") || got.Err != nil && !strings.Contains(got.Err.Error(), tc.wantErr) {
				t.Errorf("want error %q, got %v", tc.wantErr, got.Err)
			}
			if apierrors.IsConflict(got.Err) != tc.conflict {
				t.Errorf("want a conflict: %t, got %v", tc.conflict, got.Err)
			}
			got.Err = nil
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			requests := server.recorded()
			if diff := cmp.Diff(tc.requests, sent(requests)); diff != "" {
				t.Fatalf("requests (-want +got):\n%s", diff)
			}
			body := requests[len(requests)-1].Body
			if !strings.Contains(body, tc.last) {
				t.Errorf("want %s in the last body, got %s", tc.last, body)
			}
			if tc.fields != nil {
				if diff := cmp.Diff(tc.fields, fieldsOf(t, body)); diff != "" {
					t.Errorf("managed fields (-want +got):\n%s", diff)
				}
				if strings.Contains(body, plan.LastAppliedAnnotation) {
					t.Errorf("the record is still there: %s", body)
				}
			}
		})
	}
}

// TestAppliesToUpdates has managed fields that are not as those of TestApplierStrategies.
func TestAppliesToUpdates(t *testing.T) {
	entry := func(manager string, operation metav1.ManagedFieldsOperationType, version, fields string) metav1.ManagedFieldsEntry {
		e := metav1.ManagedFieldsEntry{Manager: manager, Operation: operation, APIVersion: version}
		if fields != "" {
			e.FieldsV1 = metav1.NewFieldsV1(fields)
		}
		return e
	}
	const set = `{"f:a":{}}`
	tests := map[string]struct{ entries, want []metav1.ManagedFieldsEntry }{
		"NeverApplied":   {[]metav1.ManagedFieldsEntry{entry("other", "Apply", "v1", set)}, []metav1.ManagedFieldsEntry{entry("other", "Apply", "v1", set)}},
		"NeverUpdated":   {[]metav1.ManagedFieldsEntry{entry("m", "Apply", "v1", set)}, []metav1.ManagedFieldsEntry{entry("m", "Update", "v1", set)}},
		"OtherVersion":   {[]metav1.ManagedFieldsEntry{entry("m", "Apply", "v1", set), entry("m", "Update", "v2", set)}, []metav1.ManagedFieldsEntry{entry("m", "Update", "v2", set), entry("m", "Update", "v1", set)}},
		"NothingUpdated": {[]metav1.ManagedFieldsEntry{entry("m", "Apply", "v1", set), entry("m", "Update", "v1", "")}, []metav1.ManagedFieldsEntry{entry("m", "Update", "v1", set)}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := appliesToUpdates(tc.entries, "m")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("managed fields (-want +got):\n%s", diff)
			}
		})
	}
}

// TestExplain puts failures of the API server into the words of whoever writes hooks, without the values that the server repeats.
func TestExplain(t *testing.T) {
	terminating := apierrors.NewForbidden(pods, "solr", nil)
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: "NamespaceTerminating", Field: "metadata.namespace"}}
	invalid := func(causes ...metav1.StatusCause) *apierrors.StatusError {
		err := apierrors.NewInvalid(pods.WithVersion("v1").GroupVersion().WithKind("Pod").GroupKind(), "solr", nil)
		err.ErrStatus.Details.Causes = causes
		err.ErrStatus.Message = "it is s3cret"
		return err
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"Terminating": {terminating, `the namespace "default" is being deleted`},
		"Immutable": {
			invalid(metav1.StatusCause{Field: "spec.a", Message: "Invalid value: s3cret: field is immutable"}, metav1.StatusCause{Field: "spec.a", Message: "immutable"}, metav1.StatusCause{Field: "spec.b", Message: "may not change once set"}),
			"spec.a, spec.b cannot be changed in place: set updateStrategy.method of the child's rule to Recreate",
		},
		"Invalid":   {invalid(metav1.StatusCause{Field: "spec.a", Message: "Required value"}), "it is s3cret"},
		"Forbidden": {errForbidden, "forbidden"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := explain(Target{Namespace: "default"}, tc.err)
			if !strings.HasPrefix(got.Error(), tc.want) && !strings.Contains(got.Error(), tc.want) {
				t.Errorf("want %q, got %q", tc.want, got)
			}
			if name == "Immutable" && (strings.Contains(got.Error(), "s3cret") || !apierrors.IsInvalid(got)) {
				t.Errorf("the error tells a value or is of another kind: %v", got)
			}
		})
	}
}
