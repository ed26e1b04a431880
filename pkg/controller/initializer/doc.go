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

// Package initializer completes the objects that initializers with failurePolicy: Defer could not complete while they were
// admitted. docs/protocol.md §7.
//
// Which objects wait, and for whom, is written on the objects themselves: a [Controller] watches the metadata of the resource
// types concerned, so nothing is lost with the process. For each waiting object it calls the first initializer that the object
// waits for, until the hook answers, writes the answer as an update, and takes the name off in the same write.
//
// The package must not know how objects are admitted. Open sync.go for what happens to one object, controller.go for the
// queue, watches.go for what is watched.
package initializer
