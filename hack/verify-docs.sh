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

# Checks what the documents promise: links lead to files and headings that exist, commands (`make x`, hack/x.sh) exist,
# and a section of the controller contract that code or documents cite exists. Links to other sites are not followed.
# Repair: by hand, in the document that the message names.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0

# complain FILE WHAT reports one broken promise.
complain() {
  echo "$1: $2" >&2
  failed=1
}

# anchors FILE prints the anchors of its headings, as GitHub makes them.
anchors() {
  sed -nE 's/^#+ +//p' "$1" | LC_ALL=C tr '[:upper:]' '[:lower:]' | LC_ALL=C sed -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'
}

# links FILE prints the targets of its links, those in code left out.
links() {
  awk '/^ *```/ { code = !code; next } !code { gsub(/`[^`]*`/, ""); print }' "$1" | grep -oE '\]\([^) ]+' | cut -c3- || true
}

check_links() {
  local file="$1" link path
  while IFS= read -r link; do
    [[ "${link}" != *://* && "${link}" != mailto:* ]] || continue
    path="${file}"
    if [[ "${link%%#*}" != "" ]]; then
      path="$(dirname "${file}")/${link%%#*}"
    fi
    if [[ ! -e "${path}" ]]; then
      complain "${file}" "link to ${link}: no such file"
    elif [[ "$(cd "$(dirname "${path}")" && pwd -P)/" != "$(pwd -P)/"* ]]; then
      complain "${file}" "link to ${link}: outside of the repository"
    elif [[ "${link}" == *'#'* && "${path}" == *.md ]] && ! anchors "${path}" | grep -qxF -e "${link#*#}"; then
      complain "${file}" "link to ${link}: no such heading"
    fi
  done < <(links "${file}")
}

check_commands() {
  local file="$1" target script
  while IFS= read -r target; do
    grep -qE "^${target}:" Makefile || complain "${file}" "make ${target}: no such target in the Makefile"
  done < <(awk '/^ *```/ { code = !code; next } code { print; next } { while (match($0, /`[^`]*`/)) { print substr($0, RSTART + 1, RLENGTH - 2); $0 = substr($0, RSTART + RLENGTH) } }' "${file}" |
    sed -nE 's/^([^#]*[ ;&])?make( [A-Z]+=[^ ]*)* ([a-z][a-z-]*).*/\3/p' | sort -u)
  while IFS= read -r script; do
    [[ -x "${script}" ]] || complain "${file}" "${script}: no such script, or not executable"
  done < <(grep -oE '(hack/[a-z0-9./-]+\.sh|\.ci/run)\b' "${file}" | sort -u)
}

while IFS= read -r file; do
  check_links "${file}"
  check_commands "${file}"
done < <(git ls-files --cached --others --exclude-standard -- '*.md')

while IFS=: read -r file line section; do
  grep -qE "^## ${section##*§}\. " docs/protocol.md || complain "${file}:${line}" "${section}: docs/protocol.md has no such section"
done < <(git grep --untracked -noE 'protocol\.md §[0-9]+')

if ((failed)); then
  echo "verify-docs: repair the lines above, or write what they speak of" >&2
  exit 1
fi
