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
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// warmup is how many families the plain client creates before it is measured: neither it nor a new kind is quick at first.
const warmup = 100

// bareJob is what the plain client is to do: what hookplane and those who create parents write in a create phase, and nothing
// else. It is the yardstick: no watch, no cache, no hook, no decision.
type bareJob struct {
	Kubeconfig string `json:"kubeconfig"`
	Name       string `json:"name"` // of the parents' kind, and of the namespace
	Parents    int    `json:"parents"`
}

// bareResult is what it took.
type bareResult struct {
	Writes     int     `json:"writes"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"`
}

// runBare does a job, in a process of its own so that its CPU time can be told.
func runBare(ctx context.Context, in io.Reader, out io.Writer) error {
	var job bareJob
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", job.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	w := plainWriter{client: client, kind: newKind(job.Name), namespace: job.Name}
	if err := forEach(ctx, warmup, w.createFamily); err != nil {
		return err
	}
	cpu, start := ownCPU(), time.Now()
	err = forEach(ctx, job.Parents, func(ctx context.Context, i int) error { return w.createFamily(ctx, warmup+i) })
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(bareResult{
		Writes: job.Parents * writesPerFamily, Seconds: time.Since(start).Seconds(), CPUSeconds: (ownCPU() - cpu).Seconds(),
	})
}

// ownCPU returns the CPU time of this process.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fmt.Fprintln(os.Stderr, "bench: cannot tell the CPU time:", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
