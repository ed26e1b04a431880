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

package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxShownProblems is how many problems an InvalidResponseError spells out: it ends up in an event.
	maxShownProblems = 10
	// maxShownText is how many bytes of a text of the hook's are repeated in a message.
	maxShownText = 100
)

// InvalidResponseError says that a hook's answer cannot be carried out. Nothing of it is.
type InvalidResponseError struct {
	// Problems are all that is wrong, in the order of the answer: `children[2] Pod "solr": …`.
	Problems []string
}

// Error lists the first problems and counts the others.
func (e *InvalidResponseError) Error() string {
	shown := e.Problems[:min(len(e.Problems), maxShownProblems)]
	message := "invalid hook response: " + strings.Join(shown, "; ")
	if more := len(e.Problems) - len(shown); more > 0 {
		message += fmt.Sprintf("; and %d more problems", more)
	}
	return message
}

// ofRevision says of an invalid answer which revision it was given for, and how to go on without that revision.
func ofRevision(name string, err error) error {
	return fmt.Errorf("in ControllerRevision %q (delete it to have its children wait for their update as they are): %w", name, err)
}

// childError says what is wrong with a desired child, for faults.
type childError string

func (e childError) Error() string { return string(e) }

// faults collects the problems that void an answer.
type faults []fault

type fault struct {
	index   int    // of the child in the answer; afterChildren for the status
	problem string // of a child, what follows the name of the list
}

const afterChildren = math.MaxInt

// asError returns nil when there are none.
func (f faults) asError(in *Input) error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b fault) int { return cmp.Compare(a.index, b.index) })
	problems := make([]string, len(f))
	for i := range f {
		problems[i] = f[i].problem
		if f[i].index != afterChildren {
			problems[i] = in.listName() + problems[i]
		}
	}
	return &InvalidResponseError{Problems: problems}
}

// status adds a problem of the desired status.
func (f *faults) status(problem string) {
	*f = append(*f, fault{afterChildren, "status " + problem})
}

// child adds a problem of the desired child at index.
func (f *faults) child(index int, e *envelope, format string, args ...any) {
	where := fmt.Sprintf("[%d]", index)
	if e != nil && e.Kind != "" {
		where += " " + clip(e.Kind)
	}
	if e != nil && e.Metadata.Name != "" {
		where += " " + quote(e.Metadata.Name)
	}
	*f = append(*f, fault{index, where + ": " + fmt.Sprintf(format, args...)})
}

// quote quotes a text that came from a hook, shortened.
func quote(text string) string {
	return strconv.Quote(clip(text))
}

// clip shortens a text that came from a hook.
func clip(text string) string {
	if len(text) <= maxShownText {
		return text
	}
	end := maxShownText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
