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

package assets

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// reportInterval is the time between two lines of progress.
const reportInterval = 10 * time.Second

// downloading starts the lines by which the go command tells that it fetches a module.
const downloading = "go: downloading "

// progress reads what go list and go build -v write: a line for each module that they download and each package
// that they compile, and diagnostics.
type progress struct {
	say     func(format string, args ...any)
	started time.Time

	mu          sync.Mutex
	partial     []byte   // the start of a line whose end has not been written yet
	downloads   int      // modules
	compiled    int      // packages
	packages    int      // packages in all, 0 while that is not known
	diagnostics []string // all other lines
}

func newProgress(say func(format string, args ...any), started time.Time) *progress {
	return &progress{say: say, started: started}
}

// Write takes the next part of the output. It may be called while report runs.
func (p *progress) Write(output []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.partial = append(p.partial, output...)
	for {
		line, rest, complete := bytes.Cut(p.partial, []byte("\n"))
		if !complete {
			return len(output), nil
		}
		p.partial = rest
		p.count(string(line))
	}
}

func (p *progress) count(line string) {
	switch {
	case strings.HasPrefix(line, downloading):
		p.downloads++
	case line != "" && !strings.ContainsAny(line, " \t:"):
		// Only an import path stands alone in a line.
		p.compiled++
	default:
		p.diagnostics = append(p.diagnostics, line)
	}
}

// setPackages tells how many packages there are.
func (p *progress) setPackages(count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packages = count
}

// report says how far the build is, from time to time, until ctx is done.
func (p *progress) report(ctx context.Context) {
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			p.say("%s", p.line(now))
		}
	}
}

// line describes the state of the build. It says "at most" because packages that Go's build cache has are not compiled.
func (p *progress) line(now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := now.Sub(p.started).Round(time.Second)
	if p.packages == 0 {
		return fmt.Sprintf("%s so far, %d modules downloaded", elapsed, p.downloads)
	}
	return fmt.Sprintf("%s so far, %d of at most %d packages compiled", elapsed, p.compiled, p.packages)
}

// failure returns what the go command wrote besides progress.
func (p *progress) failure() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(append(p.diagnostics, string(p.partial)), "\n")
}
