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

// Package initialization knows what an InitializerController says: which new objects it completes, how its hook is called,
// and what an answer may do to an object.
//
// [Registry] keeps all of them compiled and in order. Admission (admission/initializer) and the controller of deferred
// completions (pkg/controller/initializer) both call [Initializer.Complete], and mark objects with [MarkPending], so that an
// object is completed in the same way whoever does it.
//
// The package must not know admission reviews, nor where deferred objects are kept. Open initializer.go first.
package initialization
