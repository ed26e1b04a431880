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

// Row is what one phase cost.
type Row struct {
	Scene   string  `json:"scene"`
	Phase   string  `json:"phase"`
	Seconds float64 `json:"seconds"`
	// HookCalls and HookBytes are calls of the hook and what it was sent.
	HookCalls int `json:"hookCalls"`
	HookBytes int `json:"hookBytes"`
	// Writes and Reads are requests that kube-apiserver answered about the scene's resources, of everybody; watches do not count.
	Writes int `json:"writes"`
	Reads  int `json:"reads"`
	// CPUSeconds is of hookplane. So are the bytes resident at the end, the anonymous ones of them, and the most that were
	// resident at a time.
	CPUSeconds     float64 `json:"cpuSeconds"`
	ResidentBytes  int     `json:"residentBytes"`
	AnonymousBytes int     `json:"anonymousBytes"`
	PeakBytes      int     `json:"peakBytes"`
}

func (r *Row) fill(s subject, before, after moment) {
	r.HookCalls, r.HookBytes = after.calls-before.calls, after.bytes-before.bytes
	for _, resource := range s.resources {
		r.Writes += after.requests[resource].writes - before.requests[resource].writes
		r.Reads += after.requests[resource].reads - before.requests[resource].reads
	}
	if before.pid != after.pid { // a new process, which began with nothing
		before.usage.cpu = 0
	}
	r.CPUSeconds = (after.usage.cpu - before.usage.cpu).Seconds()
	r.ResidentBytes, r.AnonymousBytes, r.PeakBytes = after.usage.rss, after.usage.anonymous, after.usage.hw
}
