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
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Result is what a run found.
type Result struct {
	Size    string   `json:"size"`
	Machine Machine  `json:"machine"`
	Figures []Figure `json:"figures"`
	Counts  []Count  `json:"counts"`
	Rows    []Row    `json:"rows"`
	// Worse says which ratios are too bad, of a run that was checked.
	Worse []string `json:"worse,omitempty"`
}

// readResult reads what write has written.
func readResult(file string) (*Result, error) {
	text, err := os.ReadFile(file) //nolint:gosec // a file that the user names
	if err != nil {
		return nil, err
	}
	r := &Result{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s is not a result: %w", file, err)
	}
	return r, nil
}

// newestResult reads the newest result of a size: they are named <date>-<size>.json.
func newestResult(dir, size string) (*Result, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*-"+size+".json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no result of size %s in %s to compare with", size, dir)
	}
	return readResult(slices.Max(files))
}

func (r *Result) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // a file that the user names
}

// figure finds a figure by name.
func (r *Result) figure(name string) (Figure, bool) {
	at := slices.IndexFunc(r.Figures, func(f Figure) bool { return f.Name == name })
	if at < 0 {
		return Figure{}, false
	}
	return r.Figures[at], true
}

// better takes the better value of each figure from an earlier attempt, if there was one.
func (r *Result) better(earlier *Result) *Result {
	if earlier == nil {
		return r
	}
	for i := range r.Figures {
		if other, found := earlier.figure(r.Figures[i].Name); found {
			r.Figures[i].Value = min(r.Figures[i].Value, other.Value)
		}
	}
	return r
}

// exact says whether all counts are right.
func (r *Result) exact() bool {
	return !slices.ContainsFunc(r.Counts, func(c Count) bool { return c.Got != c.Want })
}

// worseThan says which ratios are too much worse than those of a reference; of none, none is.
func (r *Result) worseThan(reference *Result) []string {
	if reference == nil {
		return nil
	}
	var worse []string
	for _, f := range r.Figures {
		known, found := reference.figure(f.Name)
		if text := f.worse(known); found && text != "" {
			worse = append(worse, text)
		}
	}
	return worse
}

// failure returns what is wrong with the result, nil if nothing is.
func (r *Result) failure() error {
	problems := slices.Clone(r.Worse)
	for _, c := range r.Counts {
		if c.Got != c.Want {
			problems = append(problems, fmt.Sprintf("%s: %d, want exactly %d", c.Name, c.Got, c.Want))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return errors.New("not as it should be:\n  " + strings.Join(problems, "\n  "))
}
