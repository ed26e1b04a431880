/*
Copyright The Hookplane Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/discovery"

	"github.com/hookplane/hookplane/test/cluster"
)

// Machine is where and on what a result was measured.
type Machine struct {
	Date        string `json:"date"`
	Commit      string `json:"commit"`
	Go          string `json:"go"`
	Kubernetes  string `json:"kubernetes"`
	CPU         string `json:"cpu"`
	CPUs        int    `json:"cpus"`
	MemoryBytes int    `json:"memoryBytes"`
	Kernel      string `json:"kernel"`
}

// String implements fmt.Stringer.
func (m Machine) String() string {
	return fmt.Sprintf("%s, commit %s, %s, Kubernetes %s, %d CPUs (%s), %d GB, Linux %s",
		m.Date, m.Commit, m.Go, m.Kubernetes, m.CPUs, m.CPU, (m.MemoryBytes+5e8)/1e9, m.Kernel)
}

var (
	cpuModel = regexp.MustCompile(`(?m)^model name\s*:\s*(.*)$`)
	memTotal = regexp.MustCompile(`(?m)^MemTotal:\s*(\d+) kB$`)
)

// describeMachine finds out what it can; what it cannot stays empty.
func describeMachine(ctx context.Context, client discovery.ServerVersionInterface) Machine {
	m := Machine{Date: time.Now().UTC().Format(time.DateOnly), Go: runtime.Version(), CPUs: runtime.NumCPU()}
	describe := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty")
	describe.Dir = cluster.Root()
	if text, err := describe.Output(); err == nil {
		m.Commit = strings.TrimSpace(string(text))
	}
	if version, err := client.ServerVersion(); err == nil {
		m.Kubernetes = version.GitVersion
	}
	m.CPU = fileMatch("/proc/cpuinfo", cpuModel)
	if kilobytes, err := strconv.Atoi(fileMatch("/proc/meminfo", memTotal)); err == nil {
		m.MemoryBytes = kilobytes << 10
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	return m
}

func fileMatch(file string, expression *regexp.Regexp) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	match := expression.FindSubmatch(text)
	if match == nil {
		return ""
	}
	return string(match[1])
}
