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

// Package server is the hookplane command: its flags, what they default to, what is refused, and the order
// in which the parts of the program start and end.
//
// The way of a command line is Options → Validate → Config → run. Each group of flags has a file of its
// own, with the flags, their validation and what they are turned into. Whatever would prevent the server
// from working is found before it serves and ends the program with one line that says what to do.
//
// The package must not know what the API serves or what the controllers do. Open command.go first, run.go
// for the order.
package server
