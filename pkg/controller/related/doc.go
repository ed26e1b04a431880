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

// Package related finds the objects that customize hooks ask for, and the parents that a change of such an object matters to
// (docs/protocol.md §2, §9).
//
// A Finder asks the hook once for each state of a parent that can change the answer (answer.go), checks the rules
// (compile.go), opens the resource types that they name (watch.go) and reads the objects by key or by index (read.go). What
// all parents asked for is kept the other way round (interests.go): equal rules of many parents are one interest, and an
// object finds the interests that it matches without a walk over the others.
//
// The package must not know what a parent's other hooks do, which kind of controller asks, or when a parent is synced: it
// tells the owner of the Finder who is concerned. Open finder.go first.
package related
