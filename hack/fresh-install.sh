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

# Installs hookplane from the folder of a release into a new cluster, uses it, and takes it out again: line by line what the release's
# docs/install.md says, each with what it prints. The cluster is the test control plane, which has no nodes: the server is run as the
# Deployment would run it, by test/install.
#
# Usage: hack/fresh-install.sh [DIR]     DIR: a release (default: _output/release, which hack/build-release.sh makes when it is missing)

set -o errexit
set -o nounset
set -o pipefail

release="${1:-}"
[[ -z "${release}" ]] || release="$(cd "${release}" && pwd)"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -z "${release}" ]]; then
  release="${PWD}/_output/release"
  [[ -x "${release}/hookplane" ]] || hack/build-release.sh
fi
(cd "${release}" && sha256sum --quiet --check SHA256SUMS)
go test -count=1 -v -run '^TestDocumented$' ./test/install -release="${release}"
