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

// Package v1alpha1 is version v1alpha1 of the metacontroller.k8s.io API as
// clients see it: the JSON names, the documentation that `kubectl explain`
// prints, and the defaults.
//
// It must not know validation, storage or controllers. Open types.go first;
// defaults.go says what an omitted field becomes.
//
// +k8s:deepcopy-gen=package
// +k8s:conversion-gen=github.com/hookplane/hookplane/apis/metacontroller
// +k8s:defaulter-gen=TypeMeta
// +k8s:validation-gen=TypesWithField=TypeMeta
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=com.github.hookplane.hookplane.apis.metacontroller.v1alpha1
// +groupName=metacontroller.k8s.io
package v1alpha1
