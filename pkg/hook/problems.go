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

package hook

import (
	"errors"
	"fmt"
	"strings"
)

// maxProblems is how many problems of one answer are listed: an answer can hold millions.
const maxProblems = 10

// problems collects what is wrong with one answer, within bounds that the answer cannot move.
type problems struct {
	listed []string
	more   int
}

func (p *problems) addf(format string, args ...any) {
	if len(p.listed) == maxProblems {
		p.more++
		return
	}
	p.listed = append(p.listed, Excerpt(fmt.Appendf(nil, format, args...)))
}

func (p *problems) add(errs ...error) {
	for _, err := range errs {
		p.addf("%v", err)
	}
}

// join returns all problems as one error, nil when there are none.
func (p *problems) join() error {
	if len(p.listed) == 0 {
		return nil
	}
	text := strings.Join(p.listed, "; ")
	if p.more > 0 {
		text += fmt.Sprintf("; and %d more", p.more)
	}
	return errors.New(text)
}
