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

# Writes all generated code: apis/**/zz_generated.* and generated/**.
# The generators are pinned in hack/tools/codegen/go.mod. Order matters: each
# step compiles what the steps before it wrote.

set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly module=github.com/hookplane/hookplane
readonly group=metacontroller
readonly version=v1alpha1
readonly hub="${module}/apis/${group}"
readonly api="${hub}/${version}"
readonly header=hack/boilerplate.go.txt

# generate runs one of the pinned generators.
generate() {
  local generator=$1
  shift
  echo "${generator}"
  go tool -modfile=hack/tools/codegen/go.mod "${generator}" --go-header-file "${header}" "$@"
}

find apis -name 'zz_generated.*' -delete
find generated -type f ! -name "*_test.go" -delete # the tests are ours: examples for godoc

generate deepcopy-gen --output-file zz_generated.deepcopy.go "${hub}" "${api}"
generate defaulter-gen --output-file zz_generated.defaults.go "${api}"
generate conversion-gen --output-file zz_generated.conversion.go "${api}"
# Foreign types are opaque to validation-gen (+k8s:opaqueType): their own rules are checked by hand where they matter.
generate validation-gen --output-file zz_generated.validations.go "${api}"

# The API types refer to these packages of apimachinery.
foreign=(
  k8s.io/apimachinery/pkg/apis/meta/v1
  k8s.io/apimachinery/pkg/runtime
  k8s.io/apimachinery/pkg/version
)
generate openapi-gen \
  --output-dir generated/openapi \
  --output-pkg "${module}/generated/openapi" \
  --output-file zz_generated.openapi.go \
  --output-model-name-file zz_generated.model_name.go \
  --report-filename generated/openapi/api_violations.report \
  "${foreign[@]/#/--readonly-pkg=}" \
  "${api}" "${foreign[@]}"

schema=$(mktemp)
trap 'rm -f "${schema}"' EXIT
go run ./hack/models-schema >"${schema}"

generate applyconfiguration-gen \
  --output-dir generated/applyconfiguration \
  --output-pkg "${module}/generated/applyconfiguration" \
  --openapi-schema "${schema}" \
  "${api}"
generate client-gen \
  --clientset-name versioned \
  --input-base "${module}/apis" \
  --input "${group}/${version}" \
  --output-dir generated/clientset \
  --output-pkg "${module}/generated/clientset" \
  --apply-configuration-package "${module}/generated/applyconfiguration"
generate lister-gen \
  --output-dir generated/listers \
  --output-pkg "${module}/generated/listers" \
  "${api}"
generate informer-gen \
  --versioned-clientset-package "${module}/generated/clientset/versioned" \
  --listers-package "${module}/generated/listers" \
  --output-dir generated/informers \
  --output-pkg "${module}/generated/informers" \
  "${api}"
