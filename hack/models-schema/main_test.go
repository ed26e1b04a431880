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
	"strings"
	"testing"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// TestFieldDescriptions holds every field that `kubectl explain` can reach to
// a description of its own.
func TestFieldDescriptions(t *testing.T) {
	prefix := strings.TrimSuffix(v1alpha1.CompositeController{}.OpenAPIModelName(), "CompositeController")
	fields := 0
	for name, schema := range document().Definitions {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		kind := strings.TrimPrefix(name, prefix)
		if schema.Description == "" {
			t.Errorf("%s: no description", kind)
		}
		for property, value := range schema.Properties {
			if _, root := schema.Properties["kind"]; root && (property == "kind" || property == "apiVersion") {
				continue // fields of TypeMeta, documented by apimachinery
			}
			fields++
			if words := strings.Fields(value.Description); len(words) < 4 || words[0] != property {
				t.Errorf("%s.%s: the description is %q: start with the field's JSON name and say what it does", kind, property, value.Description)
			}
		}
	}
	if fields < 50 {
		t.Errorf("walked %d fields: the walk misses types", fields)
	}
}
