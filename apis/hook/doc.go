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

// Package hook has the JSON documents that Hookplane exchanges with a hook: import it to write a hook in Go.
//
// A hook is an HTTP server. Hookplane POSTs what it observed, and the hook answers what should be. A composite
// controller's sync hook decodes a [CompositeRequest], and answers 200 with a [CompositeResponse]:
//
//	func sync(request *hook.CompositeRequest) (*hook.CompositeResponse, error)
//
// A decorator controller's decodes a [DecoratorRequest] and answers with a [DecoratorResponse].
//
// The answer must depend on the request alone: no clock, no random names, no memory of earlier calls. Hookplane calls
// again whenever something in the request changed, until an answer changes nothing. Whatever a hook wants to remember
// belongs into the parent's status.
//
// The package knows nothing of HTTP, clients or controllers, and imports only k8s.io/apimachinery. The contract in
// words is docs/protocol.md §2. Open composite.go first.
package hook
