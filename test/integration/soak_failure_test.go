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
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// discrepancyError says what is not as the hooks of a parent want it.
type discrepancyError struct {
	parent string
	text   string
}

// Error implements error.
func (e *discrepancyError) Error() string { return e.parent + ": " + e.text }

func discrepancy(parent, format string, args ...any) error {
	return &discrepancyError{parent: parent, text: fmt.Sprintf(format, args...)}
}

// fail ends the test with all that helps to find out why.
func (s *soak) fail(what string, err error) {
	s.t.Helper()
	history := "none"
	if about, ok := errors.AsType[*discrepancyError](err); ok {
		events, _ := kubectl(s.t, "", "get", "events", "--all-namespaces", "--field-selector", "involvedObject.name="+about.parent) // it says why it fails
		history = events + lastLines(env.server.Log(), about.parent+`"`)
	}
	collector, _ := os.ReadFile(filepath.Join(env.controlPlane.Dir, "logs", "kube-controller-manager.log")) // or nothing
	s.t.Fatalf("%s: %v\nseed %d, with %s\nevents and log of the parent:\n%s\nthe garbage collector's log ends with:\n%s\nthe server's log ends with:\n%s",
		what, err, s.seed, s.strategy, history, lastLines(string(collector), "garbage"), logEnd())
}

// lastLines returns the last of the lines that have the text.
func lastLines(log, text string) string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-30):], "")
}
