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

// Package tally counts what controllers do, in Prometheus metrics: syncs, writes, and how long parents wait in the queue. The
// series of a controller go when it ends, so that there are never more than controllers that run.
//
// Queues report here and not in client-go's workqueue_*, whose series live as long as the process: those of many controllers
// would pile up under names of their own, and tell nothing under a common one.
//
// The package must not know what a sync is made of. Open metrics.go first.
package tally
