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

// Package plan decides what one sync writes. [Composite] takes what was observed of a parent and its children and what the
// hook answered, and returns the children to create, update and delete, and the status to write. pkg/apply carries that out.
//
// It is pure: the same input gives the same result. It must not know clients, caches, clocks, goroutines or metrics, and it
// never modifies its input; the bytes that it returns may share memory with it. So a preview, a test and a sync all call the
// same function.
//
// # When a child is written
//
// With server-side apply "the child is as the hook wants it" means two things:
//
//   - every value of the desired object is in the observed one; what others added (defaults, labels, sidecars) does not
//     count (compare.go, list.go);
//   - nothing that an earlier apply of ours set is missing from the desired object: that is a field that the hook stopped
//     sending, and the object's FieldsV1 record of our applies tells (fields.go).
//
// With dynamic-apply it means that the three-way merge (merge.go) of what is observed, what was applied last (record.go) and what
// the hook wants is what is observed. What one strategy wrote the other adopts (change.go).
//
// The comparison knows no schema. Where it cannot tell, it says "differs": quantities that the server rewrote (1000m to 1),
// defaults inside a field that is replaced as a whole, members that the server dropped. An apply that changes nothing costs
// one request and wakes nobody, while a difference that is overlooked stays for ever. So that it is one request and not
// one per sync, the caller remembers the outcome of writes ([Write.Settle]) and hands it back as [Input.Settled]: a child
// that was found settled is skipped, without being decoded, for as long as neither the answer nor its content changes.
// For the same reason a [Delete] of the Recreate method carries the desired state: a delete does change something, so it has
// to be asked of the server first whether the child differs at all.
//
// # Rollouts
//
// With a rolling method a child is as one of the parent's revisions wants it. Given the recorded revisions, with an answer of
// the hook for each ([Rollout]), the plan decides which child is in which, and moves one on to the latest when all that are
// there are well (rollout.go, ready.go). What it decided is to be recorded ([Progress]) before the writes are carried out.
//
// Open plan.go first, then desired.go (what a hook may answer) and child.go (what becomes of one child). The files of
// testdata/ are the specification by example; those of
// testdata/rollout/ are whole histories.
package plan
