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

// Package controlplane holds the sources of the combined Kubernetes program, for the command of the same name
// (cmd/controlplane), which builds that program wherever it is itself run.
//
// It contains nothing else and must import nothing but embed: what builds and runs a control plane depends on the standard library only.
// Open cmd/controlplane/main.go first.
package controlplane

import "embed"

// Sources is this module's go.mod and go.sum and the package cmd/kubernetes: all that a build needs besides a module proxy.
//
//go:embed go.mod go.sum cmd/kubernetes/*.go
var Sources embed.FS
