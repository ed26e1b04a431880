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

package composite

import (
	"bytes"
	"slices"

	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/plan"
)

// attachedBy returns the DecoratorController that attached an object to its controller, or "". An attachment is nobody's child,
// also when it belongs to a parent: docs/protocol.md §4.
func attachedBy(o *objects.Object) string {
	if !bytes.Contains(o.Raw, []byte(plan.DecoratorAnnotation)) { // which spares most objects to be parsed
		return ""
	}
	return o.Annotations()[plan.DecoratorAnnotation]
}

func withoutAttachments(owned []*objects.Object) []*objects.Object {
	return slices.DeleteFunc(owned, func(o *objects.Object) bool { return attachedBy(o) != "" })
}
