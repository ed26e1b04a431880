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
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/hookplane/hookplane/artifacts/examples/manifests"
)

// warningList keeps what the server warns of.
type warningList struct{ texts []string }

func (w *warningList) HandleWarningHeader(code int, _, text string) {
	if code == 299 {
		w.texts = append(w.texts, text)
	}
}

// createManifest sends a manifest as it is written, through kube-apiserver.
func createManifest(t *testing.T, m *manifests.Manifest, dryRun bool) (answer object, warnings []string, err error) {
	t.Helper()
	resource := strings.ToLower(m.Kind) + "s"
	request := env.kubernetes.CoreV1().RESTClient().Post().AbsPath("/apis/metacontroller.k8s.io/v1alpha1").Resource(resource)
	if m.Namespace != "" {
		request = request.Namespace(m.Namespace)
	}
	request = request.SetHeader("Content-Type", "application/yaml").SetHeader("Accept", "application/json").
		Param("fieldValidation", "Strict").Body([]byte(m.YAML))
	if dryRun {
		request = request.Param("dryRun", metav1.DryRunAll)
	}
	heard := &warningList{}
	result := request.WarningHandler(heard).Do(t.Context())
	if err := result.Error(); err != nil { // not that of Raw, which has not read the answer
		return nil, heard.texts, err
	}
	body, err := result.Raw()
	if err != nil {
		return nil, heard.texts, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("the answer is no JSON: %v", err)
	}
	return answer, heard.texts, nil
}

// TestInvalidManifests has every manifest refused with just the errors that are written beside it, in a dry run and in
// earnest.
func TestInvalidManifests(t *testing.T) {
	invalid, err := manifests.Invalid()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range invalid {
		for name, dryRun := range map[string]bool{"": false, "DryRun": true} {
			t.Run(m.ID()+name, func(t *testing.T) {
				answer, _, err := createManifest(t, &m, dryRun)
				if err == nil {
					t.Fatalf("it is accepted: %v", answer)
				}
				if m.Undecodable() {
					if !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), m.Errors[0]) {
						t.Errorf("the server says %q, want a bad request with %q", err, m.Errors[0])
					}
					return
				}
				if !apierrors.IsInvalid(err) {
					t.Fatalf("the server says %q, want that the object is invalid", err)
				}
				if problems := manifests.Compare(m.Errors, causes(err)); problems != "" {
					t.Error(problems)
				}
			})
		}
	}
}

// causes returns the errors of a refused object, one line each.
func causes(err error) []string {
	status, ok := err.(apierrors.APIStatus)
	if !ok {
		return nil
	}
	var texts []string
	for _, cause := range status.Status().Details.Causes {
		line, _, _ := strings.Cut(cause.Message, "\n")
		texts = append(texts, cause.Field+": "+line)
	}
	return texts
}

// TestValidManifests has every manifest accepted, in a dry run and in earnest, with just the warnings that are written
// beside it, and reads back what is written behind it.
func TestValidManifests(t *testing.T) {
	valid, err := manifests.Valid()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range valid {
		t.Run(m.ID(), func(t *testing.T) {
			for _, dryRun := range []bool{true, false} {
				answer, warnings, err := createManifest(t, &m, dryRun)
				if err != nil {
					t.Fatalf("it is refused: %v", err)
				}
				if problems := manifests.Compare(m.Warnings, warnings); problems != "" {
					t.Error(problems)
				}
				checkStored(t, &m, answer)
			}
			path := "/apis/metacontroller.k8s.io/v1alpha1/" + strings.ToLower(m.Kind) + "s/" + m.Name
			if m.Namespace != "" {
				path = "/apis/metacontroller.k8s.io/v1alpha1/namespaces/" + m.Namespace + "/" + strings.ToLower(m.Kind) + "s/" + m.Name
			}
			client := env.kubernetes.CoreV1().RESTClient()
			body, err := client.Get().AbsPath(path).DoRaw(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var stored object
			if err := json.Unmarshal(body, &stored); err != nil {
				t.Fatal(err)
			}
			checkStored(t, &m, stored)
			if err := client.Delete().AbsPath(path).Do(t.Context()).Error(); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkStored compares what an author writes of an object.
func checkStored(t *testing.T, m *manifests.Manifest, got object) {
	t.Helper()
	var want object
	if err := yaml.Unmarshal([]byte(m.Stored), &want); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"spec", "parentPatch", "children"} {
		if !reflect.DeepEqual(want[key], got[key]) {
			t.Errorf("%s is read back as\n%v\nwant\n%v", key, got[key], want[key])
		}
	}
}
