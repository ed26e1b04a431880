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

# Puts the licence header (hack/boilerplate.go.txt) on top of every Go file and shell script that lacks it.
# With --dry-run it only prints the files that lack it.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dry_run=false
if [[ "${1:-}" == --dry-run ]]; then
  dry_run=true
fi

go_header="$(cat hack/boilerplate.go.txt)"
shell_header="$(sed -e '/^\/\*$/d' -e '/^\*\/$/d' -e 's/^/# /' -e 's/ *$//' hack/boilerplate.go.txt)"

# opening FILE prints where the header belongs: the lines from the first one that must not come before it.
opening() {
  awk '!body && /^(#!|\/\/go:build |\/\/ \+build |\/\/ Code generated )/ { next } NF { body = 1 } body' "$1" | head -n 20
}

# insert FILE HEADER puts the header on top, below the line that must stay first in a script.
insert() {
  local rest
  rest="$(cat "$1")"
  {
    if [[ "${rest}" == '#!'* ]]; then
      printf '%s\n\n' "${rest%%$'\n'*}"
      rest="${rest#*$'\n'}"
      rest="${rest#$'\n'}"
    fi
    printf '%s\n\n%s\n' "$2" "${rest}"
  } >"$1.new"
  cat "$1.new" >"$1"
  rm "$1.new"
}

while IFS= read -r file; do
  [[ -f "${file}" ]] || continue
  header="${shell_header}"
  if [[ "${file}" == *.go ]]; then
    header="${go_header}"
  fi
  if [[ "$(opening "${file}")" == "${header}"* ]]; then
    continue
  fi
  echo "${file}"
  "${dry_run}" || insert "${file}" "${header}"
done < <(git ls-files --cached --others --exclude-standard -- '*.go' '*.sh' .ci/run Makefile)
