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

// Package etag remembers what hooks answered, so that an answer that has not changed need not be sent again.
// docs/protocol.md §3.
//
// A [Cache] is shared by all hooks of a process, and limits what is remembered of all of them together, in bytes and in
// entries. A [Hook] wraps another: it says with each call which answer it has, and returns that when the hook says that it
// still holds. Answers are remembered for each parent, until the parent is forgotten, the hook is closed, the answer is too
// old, or the room is needed for others.
//
// The package must not know how hooks are called. Open hook.go first.
package etag
