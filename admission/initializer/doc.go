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

// Package initializer answers AdmissionReviews of new objects: it calls the initializers that match an object, one after the
// other, and answers with the patch that makes the object what the last one left. docs/protocol.md §7.
//
// [REST] is the resource that kube-apiserver creates reviews of, [Reviewer] decides, [Reporter] keeps the status of
// InitializerControllers true.
//
// The package must not know how kube-apiserver learns of the endpoint (admission/registration), nor what completes deferred
// objects later (pkg/controller/initializer). Open reviewer.go, then chain.go.
package initializer
