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

// Package apply carries out what pkg/plan decided: it turns writes into requests to the Kubernetes API and answers into
// outcomes.
//
// Children are created and updated by server-side apply or, with dynamic-apply, by creates and replaces; adopt.go moves them from
// the one to the other. Bodies are sent as the bytes that the plan holds, and answers are
// asked for as object metadata only, so that a large child costs nothing to read back. Every request says which object it
// is meant for (UID, and resourceVersion where the write must not overlook a change), so that a write decided on an old
// observation fails with a conflict instead of hitting a successor of the same name. Such conflicts satisfy
// apierrors.IsConflict: the caller looks at the world again, quietly.
//
// There is no rate limit on this side: the server's priority and fairness decides. A request that the server puts off with
// a Retry-After header is tried again when it says, up to ten times, for as long as the context lasts. Nothing else is
// retried here: the controllers' queues do that.
//
// It must not know what is desired or why, caches, hooks, queues or events. Open applier.go first, then children.go.
package apply
