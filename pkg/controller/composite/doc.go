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

// Package composite runs CompositeControllers: for each of them, every parent is observed with its
// children, the hook is asked what should exist, and the difference is written (docs/protocol.md).
//
// A Supervisor starts and stops one controller for each CompositeController object; a controller syncs
// its parents. The way of one change is observe (observe.go) → call → plan → apply (sync.go) → report
// (report.go). What rollouts add to that is in rollout.go. Open sync.go first.
//
// The package must not know how objects are cached, how a hook is reached, how a difference is found or
// how it is written: those are pkg/objects, pkg/hook, pkg/plan and pkg/apply.
package composite
