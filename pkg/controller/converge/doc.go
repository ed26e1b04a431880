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

// Package converge notices hooks that answer something new every time: each sync's own writes wake their parent again, and
// nobody else has a part in it. Such a parent is slowed down and reported until its hook settles, docs/protocol.md §9.
//
// The package counts syncs. It must not know hooks, objects or clocks. Open streak.go first.
package converge
