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

# Runs hookplane in the foreground against a cluster that can reach this machine on loopback.

set -o errexit -o nounset -o pipefail

usage() {
  cat <<'USAGE'
Usage: hack/run-local.sh [--kubeconfig FILE] [--data-dir DIR] [--keep-apiservice] [--pid-file FILE] [-- SERVER_FLAG...]

Builds hookplane and runs it in the foreground against a cluster whose kube-apiserver can reach this
machine on loopback. Prints "hookplane is ready" when the API answers through the cluster. SIGTERM or
Ctrl-C ends it; the exit code is that of hookplane.

  --kubeconfig FILE   the cluster (default: $KUBECONFIG)
  --data-dir DIR      where to keep the objects (default: a temporary folder, removed at the end)
  --keep-apiservice   leave the APIService in the cluster at the end (default: remove it)
  --pid-file FILE     write the process id of hookplane to FILE
  SERVER_FLAG         more flags for hookplane; those that are given twice take the last value

HOOKPLANE_BINARY names a binary to run instead of building one.
USAGE
}

fail() {
  echo "run-local.sh: $*" >&2
  exit 2
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kubeconfig=${KUBECONFIG:-}
data_dir=
pid_file=
keep_apiservice=false

while (($#)); do
  case $1 in
    --kubeconfig | --data-dir | --pid-file)
      (($# > 1)) || fail "$1 needs a value"
      declare "$(tr - _ <<<"${1#--}")=$2"
      shift 2
      ;;
    --kubeconfig=* | --data-dir=* | --pid-file=*)
      flag=${1%%=*}
      declare "$(tr - _ <<<"${flag#--}")=${1#*=}"
      shift
      ;;
    --keep-apiservice)
      keep_apiservice=true
      shift
      ;;
    -h | --help)
      usage
      exit
      ;;
    --)
      shift
      break
      ;;
    *) fail "unknown argument $1; server flags stand behind --; see --help" ;;
  esac
done
[[ -n $kubeconfig ]] || fail "no cluster: give --kubeconfig or set KUBECONFIG"
[[ -z $pid_file ]] || { : >"$pid_file"; } 2>/dev/null || fail "cannot write --pid-file $pid_file"

temporary=
pid=
stopping=false

# shellcheck disable=SC2317 # The trap calls it.
cleanup() {
  # Nothing may outlive the script, however it ends.
  if [[ -n $pid ]]; then
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  [[ -z $temporary ]] || rm -rf "$temporary"
  [[ -z $pid_file ]] || rm -f "$pid_file"
}
# shellcheck disable=SC2317 # The trap calls it.
stop() {
  stopping=true
  [[ -z $pid ]] || kill -TERM "$pid" 2>/dev/null || true
}
trap cleanup EXIT
trap stop TERM INT HUP

binary=${HOOKPLANE_BINARY:-}
if [[ -z $binary ]]; then
  binary=$root/_output/run-local/hookplane
  go -C "$root" build -o "$binary" ./cmd/hookplane
fi
if [[ -z $data_dir ]]; then
  temporary=$(mktemp -d "${TMPDIR:-/tmp}/hookplane-data-XXXXXX")
  data_dir=$temporary
fi
! $stopping || exit 130

# Monitor mode gives hookplane a process group of its own: Ctrl-C reaches this script only, which passes it on
# once. A second one makes hookplane end at once.
set -o monitor
"$binary" \
  --kubeconfig="$kubeconfig" --data-dir="$data_dir" \
  --register-apiservice --keep-apiservice="$keep_apiservice" --apiservice-external-name=localhost \
  --bind-address=127.0.0.1 --secure-port=0 \
  --hook-service-resolution=api --hook-allowed-cidrs=127.0.0.0/8,::1/128 \
  "$@" &
pid=$!
set +o monitor
! $stopping || stop # told between the fork and the assignment
[[ -z $pid_file ]] || echo "$pid" >"$pid_file"

# `wait` returns for each signal too, before hookplane has ended.
status=0
while true; do
  wait "$pid" && status=0 || status=$?
  kill -0 "$pid" 2>/dev/null || break
done
exit "$status"
