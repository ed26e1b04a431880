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

// Package embedded runs an etcd server of one member inside the process, for an API server whose data
// lives in a folder.
//
// Start locks the folder, starts etcd and waits until it serves; the caller points its storage at
// Endpoint and calls Close after the last client has gone. Clients connect over a unix socket in a
// private folder: nothing listens on the network. What etcd logs goes to the logger of the context given
// to Start, warnings and worse only.
//
// The package must not know what is stored. Open server.go first.
package embedded
