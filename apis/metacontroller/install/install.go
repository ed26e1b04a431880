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

// Package install adds every version of the metacontroller.k8s.io API to a
// scheme. It knows all version packages and nothing else.
package install

import (
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// Install registers the internal types, all versions and their order of
// preference. It panics when a type is registered twice with different Go
// types, which is a programming error.
func Install(scheme *runtime.Scheme) {
	utilruntime.Must(metacontroller.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	utilruntime.Must(scheme.SetVersionPriority(v1alpha1.SchemeGroupVersion))
}
