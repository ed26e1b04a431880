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

// Package host stores the objects of an API server in the host cluster, so that they are in its backups and any
// number of replicas can serve them.
//
// An object is the value of a Record, a custom resource of the group storage.hookplane.dev: its whole encoding is one
// field, which the host cluster does not look into. What the host does with metadata (deletion, finalizers, garbage
// collection, generations) therefore happens to records only. The resource versions of objects are those of their
// records: the host's counter is global, as the one of etcd behind it.
//
// Install makes the CustomResourceDefinitions; NewRESTOptionsGetter plugs the package into a generic API server, with
// its watch cache; New makes the storage.Interface alone.
//
// The package must not know what is stored. Open store.go first, then stream.go for how watches survive outages.
package host
