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

// Package apiserver assembles the API server of metacontroller.k8s.io from the registry, and runs what
// belongs to it in the same process: its registration with the host cluster and the controllers.
//
// A Config is completed and made into a Server, whose Run serves until its context ends and then ends, in
// this order, the registration, the controllers and the API. Storage must outlive Run.
//
// The package must not know flags, files or signals: pkg/server turns those into a Config. Open config.go
// for what can be set, server.go for what runs when.
package apiserver
