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

// Package meter counts the calls of hooks in the metrics that Metacontroller has for them, with its names and labels, so that
// dashboards and alerts go on working. The series of a hook go when the last controller that calls it is gone.
//
// It wraps a hook.Hook. It must not know how a hook is reached, nor what becomes of its answer. Open hook.go first.
package meter
