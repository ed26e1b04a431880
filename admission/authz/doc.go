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

// Package authz refuses controller objects that would do what their author may not do himself.
//
// The server acts for whoever writes a controller object: it reads, writes and deletes what the hooks say,
// with rights of its own. Without this check everybody who may create a controller has those rights. So an
// author must hold them too, as with RBAC, where nobody grants what he does not hold, and as with RBAC the
// verb escalate lifts that: here, escalate on the controller's own resource.
//
// What must be held, everywhere in the cluster because a controller works in every namespace:
//
//   - Parents of a CompositeController: get, list, watch, and update and patch of their status. With a
//     finalize hook also update and patch of the parents, and update of their finalizers.
//   - Targets of a DecoratorController: the same with update and patch in any case: labels and annotations.
//   - Children and attachments: get, list, watch, create, update, patch, delete.
//   - Resources of an InitializerController: get, list, watch, because its hook is shown every new object as
//     it comes, and create, update, patch, because it decides what others create: a Pod, say, that runs
//     under any ServiceAccount of its namespace. A deferred initializer uses these very verbs.
//   - Resources with a verb that guards their content: that verb (see guards in rights.go). The host checks
//     it against the writer, who is the server.
//   - With a customize hook: get, list, watch of everything. Which objects the hook asks for is not known when
//     the controller is written; it can be any that the server can read.
//   - Secrets and ConfigMaps that are named: get of each.
//
// On update nothing is checked that the author does not touch: see change.go.
//
// The host cluster is asked by SubjectAccessReviews of our own, not through the server's delegated
// authorizer. That one remembers answers for ten seconds: a right just granted would still be missing, one
// just revoked would still be used. It makes no difference for members of system:masters, among them
// the server itself on its loopback connection: they may do everything and are not asked about. Each verb is
// asked for by itself, because a host with authorizers beside RBAC may allow the verb * and deny one of those
// that it stands for.
//
// The plugin runs as validating admission: the store calls it after defaulting, folding of the
// 2018 form and validation, so there is one form of each object here. It must not know controllers, hooks
// or what is in the cluster: only what is declared. Open rights.go first.
package authz
