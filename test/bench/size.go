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
	"fmt"
	"time"
)

// size is how much is measured. small is for CI, where it must take little time; full is for the figures that are published.
type size struct {
	name    string
	parents int           // of a population
	edits   int           // of the latency phase
	creates int           // of each way through admission
	quiet   time.Duration // for how long nothing more may happen after a phase
	idle    time.Duration // how long idleness is watched; only after some seconds of it does hookplane give memory back
	profile time.Duration // how long the profile of a phase is
}

func sizeNamed(name string) (size, error) {
	for _, s := range []size{
		{name: "small", parents: 150, edits: 25, creates: 60, quiet: time.Second, idle: 8 * time.Second, profile: 5 * time.Second},
		{name: "full", parents: 3000, edits: 200, creates: 400, quiet: 2 * time.Second, idle: 30 * time.Second, profile: 15 * time.Second},
	} {
		if s.name == name {
			return s, nil
		}
	}
	return size{}, fmt.Errorf("-size: there is no size %q; there are small and full", name)
}
