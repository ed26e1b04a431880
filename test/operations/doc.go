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

// Package operations tests what the project gives to whoever operates it: alerts, dashboards, runbooks, and the claims of
// docs/security.md. What docs/metrics.md says of the metrics is taken for granted here; test/integration compares it with a server.
//
// It is a module of its own because the rules are parsed and evaluated by Prometheus itself. It must not import the
// product. Open alerts_test.go first.
package operations
