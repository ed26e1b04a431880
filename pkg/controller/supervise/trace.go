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

package supervise

import (
	"context"
	"time"

	"github.com/hookplane/hookplane/pkg/controller/wakeup"
	"github.com/hookplane/hookplane/pkg/objects"
	"github.com/hookplane/hookplane/pkg/span"
)

// Trace begins the trace of a parent's sync, whose turn came at a time, by a controller of that kind and name.
func Trace(ctx context.Context, tracer span.Tracer, kind, name string, parent *objects.Object, why wakeup.Wakeup, taken time.Time) (context.Context, span.Span) {
	return tracer.Sync(ctx, span.Sync{
		ControllerKind: kind, ControllerName: name,
		APIVersion: parent.APIVersion, Kind: parent.Kind, Namespace: parent.Namespace, Name: parent.Name, UID: string(parent.UID),
		Cause: why.Cause, Since: why.Since, Taken: taken,
	})
}
