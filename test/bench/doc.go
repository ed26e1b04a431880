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

// Command bench measures what Hookplane costs, beside a plain client that does the same writes in the same run: a real control
// plane, hookplane as a process of its own, and the hook in this process.
//
// A scene (scene.go lists them) is one experiment. It is made of phases, each of which is one row of the result: seconds, calls
// of the hook, requests that kube-apiserver counted, CPU time and memory of hookplane. What a scene derives from its rows are
// figures, most of them ratios, because those can be compared from machine to machine; and counts, which must be exact.
//
// A new scene is a new file scene_<name>.go and its line in scene.go. Open scene_composite.go for the fullest example,
// main.go for the flags. It must not know how hookplane works inside: it sees what users see.
package main
