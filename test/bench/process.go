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
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a process takes.
type usage struct {
	cpu                time.Duration // since it started
	rss, anonymous, hw int           // bytes resident: all, without mapped files, and the most of all since resetPeak
}

// clockTick is the unit of CPU times in /proc. Linux has it so on all architectures that Go runs on.
const clockTick = 10 * time.Millisecond

// readUsage reads what a process takes from /proc.
func readUsage(pid int) (usage, error) {
	var u usage
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, fmt.Errorf("the bench needs Linux: %w", err)
	}
	// The second field, the program's name, may have spaces; it ends with the last parenthesis.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return u, fmt.Errorf("cannot read /proc/%d/stat", pid)
	}
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err := errors.Join(err, err2); err != nil {
		return u, err
	}
	u.cpu = time.Duration(user+system) * clockTick
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	defer func() { _ = file.Close() }() // it was only read
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		to, wanted := map[string]*int{"VmRSS": &u.rss, "RssAnon": &u.anonymous, "VmHWM": &u.hw}[name]
		if !wanted {
			continue
		}
		kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(value, "kB")))
		if err != nil {
			return u, err
		}
		*to = kilobytes << 10
	}
	return u, nil
}

// resetPeak makes a process's highest resident memory be what it is now.
func resetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
