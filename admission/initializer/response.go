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
	"encoding/json"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/hookplane/hookplane/admission/jsonpatch"
)

const (
	// auditAnnotation has which initializers ran, what came of it, and how long each took. kube-apiserver puts the name of
	// the webhook in front.
	auditAnnotation = "initializers"
	// maxWarning is how much of a warning clients show.
	maxWarning = 256
)

// response is the answer to the review.
func (c *chain) response() (*admissionv1.AdmissionResponse, error) {
	response := &admissionv1.AdmissionResponse{Allowed: c.refusal == nil, Result: c.refusal}
	if len(c.steps) > 0 {
		response.AuditAnnotations = map[string]string{auditAnnotation: c.audit()}
	}
	if c.refusal != nil {
		return response, nil
	}
	response.Warnings = c.warnings()
	result, err := c.result()
	if err != nil {
		return nil, fmt.Errorf("cannot read what the hooks have made of the object: %w", err)
	}
	operations := jsonpatch.Diff(c.admitted, result)
	if len(operations) == 0 {
		return response, nil
	}
	patch, err := json.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("cannot encode the patch: %w", err)
	}
	patchType := admissionv1.PatchTypeJSONPatch
	response.Patch, response.PatchType = patch, &patchType
	return response, nil
}

// audit says what each initializer did: "a.example.com completed in 12ms, b.example.com ignored in 10s".
func (c *chain) audit() string {
	texts := make([]string, 0, len(c.steps))
	for _, s := range c.steps {
		text := s.Name() + " " + string(s.result)
		if s.called {
			text += " in " + s.took.Round(time.Millisecond).String()
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// warnings tell whoever creates the object what was not done for it.
func (c *chain) warnings() []string {
	var warnings []string
	for _, s := range c.steps {
		switch {
		case s.result == ignored:
			warnings = append(warnings, clip("the object was created without "+explain(s.Initializer, s.err), maxWarning))
		case s.result == deferred && s.err != nil:
			warnings = append(warnings, clip("the object will be completed later by "+explain(s.Initializer, s.err), maxWarning))
		}
	}
	return warnings
}

// clip shortens a text to a number of bytes.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit-len("…")], "") + "…"
}
