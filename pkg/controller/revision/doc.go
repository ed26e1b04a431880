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

// Package revision keeps the states of a parent during a rollout as ControllerRevisions, docs/protocol.md §6: which state the
// parent is in, what the parent was like in the others, and which children are in which.
//
// A revision holds the values of some fields of its parent ([Paths]). It is found by its owner and never by its labels, and is
// written before the children that it tells of.
//
// The package must not know hooks, nor decide which child is in which revision: that is pkg/plan. Open scheme.go first.
package revision
