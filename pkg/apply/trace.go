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
	"context"

	"github.com/hookplane/hookplane/pkg/span"
)

// begin begins the record of a write.
func begin(ctx context.Context, target Target) (context.Context, span.Span) {
	ctx, step := span.StartCall(ctx, "write")
	if step.Recording() {
		step.String("hookplane.resource", target.GroupResource().String())
		step.String("hookplane.object.namespace", target.Namespace)
		step.String("hookplane.object.name", target.Name)
	}
	return ctx, step
}

// end ends the record of a write, which was of this sort.
func end(step span.Span, verb string, target Target, err error) {
	step.Name(verb, target.Resource)
	step.String("hookplane.verb", verb)
	step.End(err)
}
