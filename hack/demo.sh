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

# The main job, from nothing: a real kube-apiserver on loopback, hookplane behind it, two controllers
# and an initializer written as functions, and what kubectl shows of them. `make demo` stays up until Ctrl-C;
# `DEMO=once make demo` checks each step, cleans up and exits 0, or with the step that failed.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/hookplane-demo.XXXXXX")
bin=_output/bin
examples=artifacts/examples
pids=()
step="the preparation"

# say prints the headline of the next step.
say() {
  step=$*
  printf '\n\033[1m== %s\033[0m\n' "$*"
}

# show prints a command as a user would type it, and runs it.
show() {
  printf '\n$ %s\n' "$*"
  "$@"
}

# eventually waits until a command succeeds: eventually SECONDS WHAT COMMAND...
eventually() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >"$work/last" 2>&1; do
    if ((SECONDS >= deadline)); then
      printf 'still not so: %s\n' "$what" >&2
      cat "$work/last" >&2
      return 1
    fi
    sleep 0.2
  done
}

# names compares the names of the objects of a kind with a list: names KIND "NAME NAME…"
names() {
  [[ "$(kubectl get "$1" -o jsonpath='{.items[*].metadata.name}')" == "$2" ]]
}

# field compares a field of an object: field OBJECT JSONPATH VALUE
field() {
  [[ "$(kubectl get "$1" -o jsonpath="$2")" == "$3" ]]
}

# completed tries what a Pod would become: completed FILE HOSTNAME.SUBDOMAIN
completed() {
  [[ "$(kubectl create --dry-run=server -f "$1" -o 'jsonpath={.spec.hostname}.{.spec.subdomain}')" == "$2" ]]
}

# finish ends what was started, last first, and says which step failed.
finish() {
  local code=$?
  trap - EXIT INT TERM
  if ((code != 0 && code != 130)); then
    printf '\nThe demo failed at: %s\n' "$step" >&2
    for log in "$work"/*.log; do
      printf -- '--- the end of %s\n' "$(basename "$log")" >&2
      tail -n 15 "$log" >&2
    done
  fi
  local i
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill "${pids[i]}" 2>/dev/null || true
    wait "${pids[i]}" 2>/dev/null || true
  done
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start runs a program in the background and waits for a line of its output:
# start SECONDS NAME PATTERN COMMAND...
start() {
  local seconds=$1 name=$2 pattern=$3
  shift 3
  "$@" >"$work/$name.log" 2>&1 &
  pids+=($!)
  eventually "$seconds" "$name prints \"$pattern\"" grep -m 1 -E "$pattern" "$work/$name.log"
}

# start_hook runs an example's hook and makes the Service that its controller names lead to it.
start_hook() {
  local name=$1 service=$2
  go build -o "$bin/$name" "./$examples/$name"
  start 30 "$name" 'listening on' "$bin/$name" --listen 127.0.0.1:0
  local port
  port=$(sed -n 's/.*listening on .*:\([0-9][0-9]*\).*/\1/p' "$work/$name.log" | head -n 1)
  kubectl apply -f - <<YAML
apiVersion: v1
kind: Service
metadata:
  name: $service
  namespace: default
spec:
  type: ExternalName
  externalName: localhost
  ports:
  - port: 80
    targetPort: $port
YAML
}

# run_pod plays the kubelet, which this cluster has none of: run_pod POD PHASE
run_pod() {
  kubectl patch pod "$1" --subresource=status --type=merge -p \
    "{\"status\":{\"phase\":\"$2\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"$([[ $2 == Running ]] && echo True || echo False)\"}]}}"
}

say "A Kubernetes control plane on loopback"
go -C test/controlplane build -o "$PWD/$bin/controlplane" ./cmd/controlplane
assets=$("$bin/controlplane" build)
start 120 controlplane '^control plane is ready$' "$bin/controlplane" start --dir "$work/cluster"
export KUBECONFIG="$work/cluster/admin.kubeconfig"
if ! command -v kubectl >/dev/null; then
  PATH="$assets:$PATH"
fi
show kubectl version

say "Hookplane joins it as an aggregated API server"
start 600 hookplane '^hookplane is ready$' hack/run-local.sh --kubeconfig "$KUBECONFIG"
show kubectl get apiservice v1alpha1.metacontroller.k8s.io
show kubectl explain compositecontroller.spec.hooks
show kubectl api-resources --api-group=metacontroller.k8s.io

say "A shop is one object; a function of thirty lines says what it consists of"
start_hook ecommerce ecommerce-ctrl
show kubectl apply -f "$examples/ecommerce/ecommerce-crd.yaml"
show kubectl apply -f "$examples/ecommerce/ecommerce-controller.yaml"
eventually 30 "the controller is ready" field compositecontroller/ecommerce-ctrl '{.status.conditions[?(@.type=="Ready")].status}' True
show kubectl get cc -o wide
eventually 30 "the CRD is served" kubectl get ecommerces
show kubectl apply -f "$examples/ecommerce/ecommerce-shop-1.yaml"

say "Its Pods exist, owned by the shop"
eventually 30 "three Pods" names pods "apache hybris solr"
show kubectl get pods -o custom-columns='NAME:.metadata.name,OWNER:.metadata.ownerReferences[0].kind,OF:.metadata.ownerReferences[0].name,IMAGE:.spec.containers[0].image'
eventually 30 "the shop is not available yet" field ecommerce/shop-1 '{.status.conditions[?(@.type=="Available")].status}' False
show kubectl get ecommerce shop-1 -o yaml
show kubectl describe ecommerce shop-1

say "When all Pods are ready, the shop is available"
for pod in apache hybris solr; do run_pod "$pod" Running; done
eventually 30 "the shop is available" field ecommerce/shop-1 '{.status.conditions[?(@.type=="Available")].status}' True
show kubectl get ecommerce shop-1 -o 'jsonpath={.status}{"\n"}'

say "search-backend: elasticsearch replaces the solr Pod"
show kubectl patch ecommerce shop-1 --type=merge -p '{"spec":{"search-backend":"elasticsearch"}}'
eventually 30 "elasticsearch instead of solr" names pods "apache elasticsearch hybris"
show kubectl get pods
show kubectl get cc

say "Deleting the shop deletes its Pods"
show kubectl delete ecommerce shop-1
eventually 60 "no Pods" names pods ""
show kubectl get pods

say "An indexed job: five completions, two at a time"
start_hook indexedjob indexedjob-ctrl
show kubectl apply -f "$examples/indexedjob/indexedjob-crd.yaml"
show kubectl apply -f "$examples/indexedjob/indexedjob-controller.yaml"
eventually 30 "the CRD is served" kubectl get indexedjobs
show kubectl apply -f "$examples/indexedjob/indexedjob-countdown.yaml"
eventually 30 "the first two Pods" names pods "countdown-0 countdown-1"
show kubectl get pods -o custom-columns='NAME:.metadata.name,INDEX:.spec.containers[0].env[?(@.name=="JOB_INDEX")].value,OWNER:.metadata.ownerReferences[0].name'

say "Pods that succeed make room for the next, until the job is complete"
for index in 0 1 2 3 4; do
  eventually 30 "Pod countdown-$index" kubectl get pod "countdown-$index"
  run_pod "countdown-$index" Succeeded
done
eventually 30 "the job is complete" field indexedjob/countdown '{.status.conditions[?(@.type=="Complete")].status}' True
show kubectl get indexedjob countdown -o 'jsonpath={.status}{"\n"}'
show kubectl get cc

say "An initializer completes new Pods before anybody sees them"
start_hook podhostname podhostname
show kubectl apply -f "$examples/podhostname/podhostname-initializer.yaml"
eventually 30 "the initializer is ready" field initializercontroller/podhostname '{.status.conditions[?(@.type=="Ready")].status}' True
show kubectl get initializercontrollers
show kubectl create namespace podhostname
eventually 30 "new Pods are completed" completed "$examples/podhostname/podhostname-pod.yaml" web.frontend
show kubectl apply -f "$examples/podhostname/podhostname-pod.yaml"
show kubectl get pod web-0 -n podhostname -o 'jsonpath={.spec.hostname}.{.spec.subdomain}{"\n"}'
show kubectl delete initializercontroller podhostname

if [[ ${DEMO:-} == once ]]; then
  say "Everything went as it should"
  exit 0
fi
say "It stays up until Ctrl-C. From another terminal:"
cat <<TEXT

    export KUBECONFIG=$KUBECONFIG
    kubectl apply -f $PWD/$examples/ecommerce/ecommerce-shop-1.yaml
    kubectl get cc,ecommerces,indexedjobs,pods

The server's log is $work/hookplane.log.
TEXT
trap "exit 0" INT TERM # this is how it ends
wait
