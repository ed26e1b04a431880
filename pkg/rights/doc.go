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

// Package rights says what the server must be allowed to do in the host cluster for given controllers, and writes it as
// RBAC objects: enough for everything that it does for them, and no more. `hookplane rbac` prints them.
//
// They are the server's rights. What an author of controllers must hold (package admission/authz) is more: it covers what
// a hook's answer decides, too.
//
// Pure: it must not know clients or what is in a cluster. Open needs.go first.
package rights
