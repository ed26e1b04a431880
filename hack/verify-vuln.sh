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

# Checks that nothing that Hookplane calls has a known vulnerability (govulncheck). Repair: `go get` the version that the
# report names, then hack/update-modules.sh.
#
# The test control plane is left out: it is Kubernetes itself, and nobody is served by it.
# The database is https://vuln.go.dev unless GOVULNDB names another. Where it cannot be reached nothing can be checked:
# the script says so and succeeds, so that work without a network stays possible.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

report="$(mktemp)"
trap 'rm -f "${report}"' EXIT

if go tool -modfile=hack/tools/lint/go.mod govulncheck ./... >"${report}" 2>&1; then
  cat "${report}"
  exit 0
fi
cat "${report}" >&2

if grep -q '^govulncheck: fetching vulnerabilities: ' "${report}"; then
  echo "verify-vuln: NOT CHECKED: the vulnerability database ${GOVULNDB:-https://vuln.go.dev} cannot be reached from here" >&2
  exit 0
fi
echo "verify-vuln: go get the fixed versions named above, then run hack/update-modules.sh" >&2
exit 1
