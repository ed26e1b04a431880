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

// Package registration registers the API server with the kube-apiserver of its cluster: it keeps the
// APIService, and where asked to the Service that the APIService names, as they should be.
//
// Check tells before anything is started whether the registration would harm somebody else's. Run
// registers, says when the API answers through the cluster, and repairs what others change, until its
// context ends. Remove undoes what Run did.
//
// The package must not know what the API serves. Open registrar.go first.
package registration
