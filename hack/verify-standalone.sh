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

# Checks that the repository stands alone: a fresh clone on another machine finds everything that its files speak of.
# Repair: by hand, name the thing relative to the repository, or say what is meant instead of where it is.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0

# report WHAT prints the matches on stdin, if there are any, and remembers the failure.
report() {
  local matches
  matches="$(cat)"
  if [[ -n "${matches}" ]]; then
    printf '%s\n' "${matches}" >&2
    echo "verify-standalone: $1" >&2
    failed=1
  fi
}

# The homes of "someone" and "you" are nobody's: tests and documents use them where they need one.
report "a folder of one machine; use a relative path, a variable or a flag" < <(
  git grep --untracked -nIE '(^|[^[:alnum:]_.~/-])/(home|Users|root|work)/[[:alnum:]_.-]' |
    grep -vE '/(home|Users)/(someone|you)([^[:alnum:]]|$)'
)
report "an issue without its repository; say what it is about, or write owner/repository#number" < <(
  git grep --untracked -nIE '\b[Ii]ssues? #?[0-9]+\b'
)
report "a replacement outside of the repository; publish the module and require it" < <(
  git ls-files --cached --others --exclude-standard -- go.mod '*/go.mod' | while IFS= read -r mod; do
    grep -oE '=> \.[^ ]*' "${mod}" | cut -c4- | while IFS= read -r target; do
      folder="$(cd "$(dirname "${mod}")" && cd "${target}" 2>/dev/null && pwd -P)" || folder=missing
      [[ "${folder}/" == "$(pwd -P)/"* ]] || echo "${mod}: ${target}"
    done
  done
)

exit "${failed}"
