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

# Checks every shell script with shellcheck, warnings and style included. Repair: by hand, each finding has a page that
# explains it (https://www.shellcheck.net/wiki/).

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v shellcheck >/dev/null; then
  echo "verify-shell: shellcheck is missing; install it (apt-get install shellcheck, brew install shellcheck)" >&2
  exit 1
fi

# Scripts are told by their first line, because not all of them end in .sh.
scripts=()
while IFS= read -r file; do
  scripts+=("${file}")
done < <(git grep --untracked -lE '^#!.*[ /](ba)?sh$' | xargs awk 'FNR == 1 && /^#!/ { print FILENAME }')

if ! shellcheck --severity=style "${scripts[@]}"; then
  echo "verify-shell: repair what shellcheck reports above" >&2
  exit 1
fi
