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

# Runs every fuzz target of the root module for FUZZTIME (1m), one after the other, and stops at the first failure.
# The input that failed is then in testdata/fuzz of its package: commit it with the repair, and it is a test for ever.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

while IFS=: read -r file target; do
  echo "fuzzing ${target} in $(dirname "${file}")"
  go test -run='^$' -fuzz="^${target}\$" -fuzztime="${FUZZTIME:-1m}" "./$(dirname "${file}")" </dev/null
done < <(git grep --untracked -oE '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | sed 's/func //')
