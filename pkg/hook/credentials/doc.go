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

// Package credentials provides what calls of hooks need to verify a server and to prove who is calling: authorities, client
// certificates and Authorization headers, from the Secrets and ConfigMaps that a hook refers to. docs/protocol.md §1.
//
// A [Store] watches each referenced object by its name, once, as long as somebody refers to it: the right to list and watch
// those names is enough. A [Source] is one hook's view: its [Credentials] change when an object does.
//
// Values are secrets: they appear in no error, and [Credentials.Redact] takes them out of texts that came from elsewhere.
//
// The package must not know how hooks are called. Open source.go first.
package credentials
