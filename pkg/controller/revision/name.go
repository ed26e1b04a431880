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

package revision

import (
	"crypto/sha1" //nolint:gosec // Metacontroller's names have it, and whoever looks for one must find it; nothing is kept secret by it
	"encoding/hex"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Labels and annotations of revisions.
const (
	groupLabel      = "metacontroller.k8s.io/apiGroup"
	resourceLabel   = "metacontroller.k8s.io/resource"
	uidLabel        = "controller-uid"
	pathsAnnotation = "metacontroller.k8s.io/field-paths"
)

// name is the same for the same state of the same parent.
func (s *Scheme) name(parent types.UID, patch []byte) string {
	hash := sha1.New() //nolint:gosec // see the import
	hash.Write([]byte(parent))
	hash.Write(patch)
	suffix := "-" + hex.EncodeToString(hash.Sum(nil))
	group := s.Parents.Group
	if group == "" {
		group = "core"
	}
	prefix := s.Parents.Resource + "." + group
	prefix = prefix[:min(len(prefix), validation.DNS1123SubdomainMaxLength-len(suffix))]
	return strings.TrimRight(prefix, ".") + suffix // a dot and a hyphen side by side are no name
}

// labels are for people who look for revisions: nothing depends on them. A value that is no label is left out.
func (s *Scheme) labels(uid types.UID, parent map[string]any) map[string]string {
	labels := map[string]string{}
	add := func(name, value string) {
		if len(validation.IsQualifiedName(name)) == 0 && len(validation.IsValidLabelValue(value)) == 0 {
			labels[name] = value
		}
	}
	if template, found := lookup(parent, []string{"spec", "template", "metadata", "labels"}); found && !s.GenerateSelector {
		values, _ := template.(map[string]any)
		for name, value := range values {
			if text, isText := value.(string); isText {
				add(name, text)
			}
		}
	}
	if s.GenerateSelector {
		add(uidLabel, string(uid))
	}
	add(groupLabel, s.Parents.Group)
	add(resourceLabel, s.Parents.Resource)
	return labels
}
