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

// Package decorator runs DecoratorControllers: it calls the hooks of each about the objects that it selects, and does to objects and
// attachments what they answer.
//
// What decorators share with other controllers is elsewhere: when they run (pkg/controller/supervise), when an object is due
// (pkg/controller/schedule, pkg/controller/wakeup), what is related to it (pkg/controller/related), what an answer means (pkg/plan) and
// how it is written (pkg/apply). Here is what a decorator does differently: objects of several types, which rules select
// (selection.go) and of which no others are kept (view.go), attachments that are told by an annotation (attachment.go), and writes to
// objects that others own (object.go).
//
// It must not know how hooks are called or what API declares controllers. Open sync.go first.
package decorator
