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

// Package wakeup decides when a parent is due for another sync, so that a hook is called exactly as
// often as docs/protocol.md §9 promises: whatever one sync wrote wakes its parent once, when the last
// of it has been seen by watch; what others change wakes it at once; what the hook was already shown,
// and what only our own bookkeeping changed, wakes nobody.
//
// The package compares resourceVersions and nothing else. It must not know hooks, plans, clients or
// object contents: its callers say of each change whether it matters. Open tracker.go first.
package wakeup
