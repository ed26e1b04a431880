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

package supervise

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

const (
	// tailBytes and tailLines bound what an error quotes of a log.
	tailBytes = 16 << 10
	tailLines = 20
)

// ExitError says that a component ended before it was ready.
type ExitError struct {
	// Component is its name.
	Component string
	// State is how the process ended, such as "exit status 1".
	State string
	// LogFile is where the whole log is; LogTail is its last lines.
	LogFile, LogTail string
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("%s ended before it was ready (%s); the end of %s:\n%s", e.Component, e.State, e.LogFile, e.LogTail)
}

// tail returns the last lines of a file, or why there are none.
func tail(file string) string {
	log, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer log.Close() //nolint:errcheck // nothing was written.
	if _, err := log.Seek(-tailBytes, io.SeekEnd); err != nil {
		// The file is shorter than that: read it from its start, where it was opened.
		_, _ = log.Seek(0, io.SeekStart)
	}
	content, err := io.ReadAll(io.LimitReader(log, tailBytes))
	if err != nil {
		return err.Error()
	}
	return string(lastLines(content, tailLines))
}

func lastLines(content []byte, count int) []byte {
	lines := bytes.Split(bytes.TrimRight(content, "\n"), []byte("\n"))
	if len(lines) > count {
		lines = lines[len(lines)-count:]
	}
	return bytes.Join(lines, []byte("\n"))
}
