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

# Fails when the generated code is not what hack/update-codegen.sh writes. It
# generates in a copy and leaves the tree alone.

set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

copy=$(mktemp -d)
trap 'rm -rf "${copy}"' EXIT

cp go.mod go.sum "${copy}"
cp -R apis generated hack "${copy}"
"${copy}/hack/update-codegen.sh" >"${copy}/log" 2>&1 || {
  cat "${copy}/log" >&2
  echo "cannot generate code: see above" >&2
  exit 1
}

if ! diff -Naur apis "${copy}/apis" || ! diff -Naur generated "${copy}/generated"; then
  echo "generated code is out of date: run hack/update-codegen.sh" >&2
  exit 1
fi
echo "generated code is up to date"
