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

# Checks the Go code of every module against .golangci.yml: defects, house rules, and which package may import which.
# Generated code is left out. Repair: hack/update-lint.sh does what can be done by machine, the rest is yours.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

config="${PWD}/.golangci.yml"
tools="${PWD}/hack/tools/lint/go.mod"

go tool -modfile="${tools}" golangci-lint config verify --config "${config}"

failed=0
for module in . test/controlplane test/operations test/packaging hack/image; do
  echo "linting ${module}"
  (cd "${module}" && go tool -modfile="${tools}" golangci-lint run --config "${config}" ./...) || failed=1
done

if ((failed)); then
  echo "verify-lint: run hack/update-lint.sh, then repair by hand what it reports" >&2
  exit 1
fi
