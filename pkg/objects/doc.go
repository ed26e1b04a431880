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

// Package objects knows the cluster: which resource types it serves, and the objects of those types
// that somebody opened. It is to controllers what shared informers are elsewhere, with four
// differences, all for size and speed:
//
//   - An object is kept as bytes: its JSON as received, plus the few fields that controllers index on.
//     The decoder (decode.go) writes both in one pass over the response, drops managedFields on the
//     way, and leaves two digests by which a change that matters is told from one that does not.
//   - Objects are indexed by their controller's UID, and those without a controller by namespace and
//     label (index.go), so that a look-up costs what it returns and not what the cluster holds.
//   - A View (view.go) shows some objects of a type, or their metadata only: nothing else is kept.
//   - Types come and go by watch (types.go): nothing polls discovery.
//
// Listing, watching, resuming and backing off are client-go's Reflector; this package hands it a
// source (source.go) and a store (informer.go). A Cache counts references: the first Open of a type
// starts its watch, the last Close ends it and frees the memory.
//
// The package must not know controllers, hooks or plans, and writes nothing to the cluster. Open
// cache.go first.
package objects
