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

# Writes the container image of hookplane for all platforms, without a container engine, to _output/image:
#
#   oci/                              an OCI layout: the index over the platforms, and what each image is made of
#   hookplane.oci.tar                 the same as one file, for docker load, skopeo, ctr and kind
#   hookplane-<os>-<arch>.spdx.json   the bills of materials
#
# The same commit gives the same bytes. VERSION names the release (default: what git says), PLATFORMS the platforms.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

output="${PWD}/_output/image"
version="${VERSION:-$(git describe --tags --always 2>/dev/null || echo devel)}"
created="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
platforms="${PLATFORMS:-linux/amd64 linux/arm64}"

rm -rf "${output}"
binaries=()
for platform in ${platforms}; do
  binary="${PWD}/_output/image-binaries/${platform}/hookplane"
  echo "building hookplane ${version} for ${platform}" >&2
  CGO_ENABLED=0 GOOS="${platform%/*}" GOARCH="${platform#*/}" go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X github.com/hookplane/hookplane/pkg/server.version=${version}" -o "${binary}" ./cmd/hookplane
  binaries+=("${binary}")
done
digest="$(go -C hack/image run . -output "${output}" -version "${version}" -created "${created}" "${binaries[@]}")"
tar --sort=name --mtime="@${created}" --owner=0 --group=0 --numeric-owner -cf "${output}/hookplane.oci.tar" -C "${output}/oci" .
echo "${output#"${PWD}/"}: hookplane ${version} for ${platforms}: ${digest}"
