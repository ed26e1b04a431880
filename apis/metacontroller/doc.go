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

// Package metacontroller is the internal ("hub") form of the
// metacontroller.k8s.io API: what storage, validation and strategies work on,
// independent of any version that is served. It also owns the default values
// and the folding of the 2018 manifest dialect into today's form.
//
// It must not know JSON, storage, clients or any version package. Open
// types.go first; dialect.go for the two manifest forms.
//
// +k8s:deepcopy-gen=package
// +groupName=metacontroller.k8s.io
package metacontroller
