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

# Checks that every module's go.mod and go.sum are tidy, and that all Kubernetes libraries are of one version: they are
# released together and work only together. Repair: hack/update-modules.sh, or `go get` of the version that differs.

set -o errexit
set -o nounset
set -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0
while IFS= read -r mod; do
  if ! go -C "$(dirname "${mod}")" mod tidy -diff; then
    echo "verify-modules: ${mod} is not tidy; run hack/update-modules.sh" >&2
    failed=1
  fi
done < <(git ls-files --cached --others --exclude-standard -- go.mod '*/go.mod')

# The staging modules count v0.x with x > 0. The others under k8s.io (klog, utils, kube-openapi) have versions of their own.
used="$(grep -hoE '(^|[[:space:]])k8s\.io/[a-z-]+( =>.*)? v0\.[1-9][0-9]*\.[^ ]+' go.mod test/controlplane/go.mod test/packaging/go.mod hack/tools/codegen/go.mod)"
versions="$(awk '{ print $NF }' <<<"${used}" | sort -u)"
if [[ "$(wc -l <<<"${versions}")" -ne 1 ]]; then
  echo "verify-modules: k8s.io modules of several versions; use one for all (go get k8s.io/<module>@<version>):" >&2
  sort -u <<<"${used}" >&2
  failed=1
fi

exit "${failed}"
