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

// Package certificate makes the serving certificate that replicas share, and keeps it from expiring.
//
// It is in a Secret, with the authorities that verify it. Long before it expires a successor is put beside it, made by an
// authority of its own, and the authorities are told; only when everybody must have heard of the new one does the successor take
// its place. So whoever verifies by what the Secret says at most an [overlap] ago succeeds, whichever replica answers.
//
// Authorities sign once: their keys are never stored. What the Secret is to hold follows from what it holds and the time
// (advance.go); a [Keeper] carries that out. The package must not know who serves, nor who verifies. Open advance.go first.
package certificate
