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

// Package registration keeps one MutatingWebhookConfiguration of the host cluster in step with the InitializerControllers, so
// that kube-apiserver sends the new objects that they ask for, and no others, to the endpoint of admission/initializer.
//
// The endpoint is an aggregated resource, so the configuration leads kube-apiserver to itself, and needs no certificate.
// [Configuration] says what should be, [Keeper] makes it so.
//
// The package must not know what becomes of a new object. Open configuration.go first.
package registration
