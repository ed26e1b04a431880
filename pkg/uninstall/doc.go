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

// Package uninstall takes Hookplane out of a cluster, and tells beforehand and afterwards what of it is there.
//
// Find reads the metadata of every object of the cluster and keeps what Hookplane has made or marked: Remains. Run removes, in the order
// in which nothing waits for somebody who is gone, all that no manifest has installed. The manifests come last, by hand.
//
// The package must not know how a server works: it sees names, labels, annotations and finalizers, as any client does. Open remains.go
// first, run.go for the order.
package uninstall
