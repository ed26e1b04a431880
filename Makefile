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

# `make` prints what there is. A target's help is the text behind its `##`; a line that starts with `##@` opens a group.
# Works with GNU make 3.81 (macOS) and later.

SHELL := /usr/bin/env bash -o errexit -o nounset -o pipefail
.DEFAULT_GOAL := help

# What everything that is built goes into; git ignores it.
OUTPUT := _output

# Passed to every `go test`, for example TESTFLAGS='-v -run TestComposite'.
TESTFLAGS ?=

# How long each fuzz target runs.
FUZZTIME ?= 1m

# How long `make soak` edits, and the seed of its random decisions: 0 for another one each time.
SOAK ?= 10m
SEED ?= 0

# How much `make bench` and `make profile` measure: small takes a minute, full many. BENCHFLAGS are further flags of test/bench.
BENCH ?= small
BENCHFLAGS ?=

# The packages that need no cluster. Evaluated where it is used: `go list` takes a second that `make help` should not.
UNIT_PACKAGES = $$(go list ./... | grep -v /test/)

.PHONY: help
help: ## Print this help.
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use

.PHONY: build
build: ## Build the binaries of cmd/ into _output/bin.
	go build -trimpath -o $(OUTPUT)/bin/ ./cmd/...

.PHONY: image
image: ## Write the container image, for linux/amd64 and linux/arm64, and bills of materials to _output/image. VERSION=...: its version.
	hack/build-image.sh

.PHONY: release
release: ## Put together what users of a release get, in _output/release. VERSION=...: its version.
	hack/build-release.sh

.PHONY: demo
demo: ## Show Hookplane at work on a control plane of its own. DEMO=once: check each step, clean up and exit.
	hack/demo.sh

##@ Test

.PHONY: test
test: controlplane test-unit test-integration test-controlplane test-packaging test-bench ## Run every test, with the race detector, on a real control plane.

.PHONY: test-unit
test-unit: ## Run the tests that need no cluster.
	go test -race $(TESTFLAGS) $(UNIT_PACKAGES)

.PHONY: test-integration
test-integration: controlplane ## Run the tests that need a control plane.
	go test -race -count=1 -timeout=45m $(TESTFLAGS) ./test/...

.PHONY: soak
soak: controlplane ## Edit, fail and restart at random for SOAK (10m), then compare. SEED=... repeats the decisions of a run.
	go test -race -count=1 -timeout=0 -v $(TESTFLAGS) -run '^TestSoak$$' ./test/integration -soak=$(SOAK) -soak.seed=$(SEED)

.PHONY: test-controlplane
test-controlplane: controlplane ## Test the test control plane itself (a module of its own).
	cd test/controlplane && go test -race -count=1 -timeout=30m $(TESTFLAGS) ./...

.PHONY: test-packaging
test-packaging: ## Test the manifests, the chart and the making of the image (two modules of their own).
	go -C hack/image test -count=1 $(TESTFLAGS) ./...
	go -C test/packaging test -race -count=1 $(TESTFLAGS) ./...

# What the bench measures. Built as hack/run-local.sh does, so that whatever was compiled for the tests is used again.
BENCH_BINARY := $(OUTPUT)/bench/hookplane

.PHONY: bench-binary
bench-binary:
	go build -o $(BENCH_BINARY) ./cmd/hookplane

.PHONY: bench
bench: controlplane bench-binary ## Measure speed and size beside a plain client's. BENCH=full: 3,000 parents. BENCHFLAGS=-help: what else.
	go run ./test/bench -binary=$(BENCH_BINARY) -size=$(BENCH) $(BENCHFLAGS)

.PHONY: test-bench
test-bench: controlplane bench-binary ## Fail when a small bench counts wrong, or finds a ratio much worse than in test/bench/results.
	go run ./test/bench -binary=$(BENCH_BINARY) -size=small -check

.PHONY: profile
profile: controlplane bench-binary ## Run the bench, and write CPU and heap profiles of its phases to _output/profiles.
	go run ./test/bench -binary=$(BENCH_BINARY) -size=$(BENCH) -profiles=$(OUTPUT)/profiles $(BENCHFLAGS)

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (1m).
	FUZZTIME=$(FUZZTIME) hack/fuzz.sh

.PHONY: controlplane
controlplane: ## Build the binaries of the test control plane, once: minutes the first time, then nothing.
	go -C test/controlplane run ./cmd/controlplane build

##@ Keep in shape

.PHONY: generate
generate: ## Write the generated code anew.
	hack/update-codegen.sh

.PHONY: update
update: ## Repair what can be repaired: run every hack/update-*.sh.
	@for script in hack/update-*.sh; do echo "$$script"; "$$script"; done

.PHONY: verify
verify: ## Run every hack/verify-*.sh and list those that failed.
	@failed=(); for script in hack/verify-*.sh; do echo "$$script"; "$$script" || failed+=("$$script"); done; \
		if (( $${#failed[@]} )); then echo "failed: $${failed[*]}" >&2; exit 1; fi

.PHONY: clean
clean: ## Remove what was built here. The control plane's binaries and Go's own caches stay.
	rm -rf $(OUTPUT)
