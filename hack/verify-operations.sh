#!/usr/bin/env bash

# Copyright The Hookplane Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

# Checks what operators are given: that alerts and dashboards are of metrics that docs/metrics.md names, that alerts fire when they
# should, that docs/runbooks.md explains every alert, condition, reason and event, and that each claim of docs/security.md and
# SECURITY.md leads to a test. Repair: by hand, what the failing test names.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! go -C test/operations test -count=1 ./...; then
  echo "verify-operations: repair what the tests above name" >&2
  exit 1
fi
