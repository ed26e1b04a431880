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

// Package migration moves the controllers of a cluster from Metacontroller, which keeps them as custom resources, to
// Hookplane, which serves the same API itself.
//
// A Cluster tells who serves the API (State), reads the custom resources in the form in which Hookplane stores them
// (Objects), finds a Metacontroller that still acts (Acting), looks at parents and children (Inspector), gives the API back
// (HandBack, WriteBack) and removes the CustomResourceDefinitions (Remove). Copy brings the objects into a Store.
//
// The package must not know which storage there is, or how hooks are called: it calls none. Open object.go first.
package migration
