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

# Repairs what the linters of .golangci.yml can repair by themselves, and reports the rest.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

config="${PWD}/.golangci.yml"
tools="${PWD}/hack/tools/lint/go.mod"

for module in . test/controlplane test/operations test/packaging hack/image; do
  echo "linting ${module}"
  (cd "${module}" && go tool -modfile="${tools}" golangci-lint run --fix --config "${config}" ./...)
done
