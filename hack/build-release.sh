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

# Puts together what a user of a release gets, in _output/release: the program for this machine, the image with its bills of materials,
# the manifests and the chart with that version, the documents, and SHA256SUMS. VERSION names the release (default: what git says).

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

release="${PWD}/_output/release"
version="${VERSION:-$(git describe --tags --always 2>/dev/null || echo devel)}"

VERSION="${version}" hack/build-image.sh
rm -rf "${release}"
mkdir -p "${release}/artifacts"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X github.com/hookplane/hookplane/pkg/server.version=${version}" -o "${release}/hookplane" ./cmd/hookplane
cp -R _output/image "${release}/image"
rm -rf "${release}/image/oci" # is in the archive
cp -R docs LICENSE CHANGELOG.md "${release}/"
cp -RL artifacts/deploy artifacts/helm "${release}/artifacts/"

# A chart's version must be a semantic one; a commit is none.
chart_version="${version#v}"
[[ "${chart_version}" =~ ^[0-9]+\.[0-9]+\.[0-9]+ ]] || chart_version="0.0.0-${version}"
kustomization="${release}/artifacts/deploy/base/kustomization.yaml"
chart="${release}/artifacts/helm/hookplane/Chart.yaml"
sed "s/^  newTag: .*/  newTag: ${version}/" "${kustomization}" >"${kustomization}.new" && mv "${kustomization}.new" "${kustomization}"
sed -e "s/^version: .*/version: ${chart_version}/" -e "s/^appVersion: .*/appVersion: ${version}/" "${chart}" >"${chart}.new" && mv "${chart}.new" "${chart}"

sums="$(cd "${release}" && find . -type f | LC_ALL=C sort | xargs sha256sum)"
echo "${sums}" >"${release}/SHA256SUMS"
echo "_output/release: hookplane ${version}"
