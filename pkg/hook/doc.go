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

// Package hook calls the hooks of controllers: it assembles requests, and decodes answers that may be hostile.
//
// [Hook] is what a controller calls; each executor has a folder of its own, webhook being the first. The request is
// assembled by copying the JSON of observed objects ([CompositeRequest.AppendJSON]), and of the answer only the outermost
// level is decoded ([DecodeComposite]): children stay the bytes that the hook sent.
//
// The package must not know how answers are acted upon, where objects come from, or what an executor speaks.
// Open hook.go first.
package hook
