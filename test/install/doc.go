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

// Package install tests that what artifacts/deploy and artifacts/helm install works, and that hookplane can be taken out again: the
// manifests are applied to a real kube-apiserver with kube-controller-manager, and a kubelet of one file runs the server as they say: its
// arguments, environment, user, service account and probes. Open install_test.go first, kubelet_test.go for what a Pod is here.
package install
