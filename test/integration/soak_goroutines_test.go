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

package integration

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// stacks are the goroutines of a server: how many there are with each stack.
type stacks map[string]int

var (
	goroutineGroup = regexp.MustCompile(`^(\d+) @ `)
	stackFrame     = regexp.MustCompile(`^#\s+0x[0-9a-f]+\s+(\S+?)\+0x[0-9a-f]+\s+(\S+)$`)
)

// parseStacks reads a goroutine profile of the form debug=1.
func parseStacks(profile string) stacks {
	found := stacks{}
	for group := range strings.SplitSeq(profile, "\n\n") {
		var count int
		var frames []string
		for line := range strings.Lines(group) {
			line = strings.TrimSpace(line)
			if match := goroutineGroup.FindStringSubmatch(line); match != nil {
				count, _ = strconv.Atoi(match[1]) // digits
			} else if match := stackFrame.FindStringSubmatch(line); match != nil {
				frames = append(frames, "    "+match[1]+" "+match[2])
			}
		}
		if count > 0 {
			found[strings.Join(frames, "\n")] += count
		}
	}
	return found
}

func (s stacks) total() int {
	total := 0
	for _, count := range s {
		total += count
	}
	return total
}

// grown describes the stacks that have more goroutines than before, those that grew most first.
func (s stacks) grown(before stacks) string {
	type growth struct {
		stack     string
		from, now int
	}
	var grown []growth
	for stack, count := range s {
		if count > before[stack] {
			grown = append(grown, growth{stack, before[stack], count})
		}
	}
	slices.SortFunc(grown, func(a, b growth) int {
		return cmp.Or(cmp.Compare(b.now-b.from, a.now-a.from), cmp.Compare(a.stack, b.stack))
	})
	var text strings.Builder
	for _, g := range grown[:min(len(grown), 10)] {
		fmt.Fprintf(&text, "%d goroutines, where there were %d:\n%s\n", g.now, g.from, g.stack)
	}
	return text.String()
}
