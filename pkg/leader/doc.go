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

// Package leader lets one of several replicas act.
//
// An [Elector] takes part in an election, whose winner holds a Lease of the cluster, and runs something while it holds it. What
// it runs writes through a [Fence], which refuses when the Lease may have ended: a process that was stopped for a while, or cut
// off, does not know yet that another one leads.
//
// The package must not know what is run. Open elector.go first.
package leader
