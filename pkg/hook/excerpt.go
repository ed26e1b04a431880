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
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxExcerptBytes is how much of an answer an error message shows at most.
const MaxExcerptBytes = 512

// Excerpt returns the start of an answer in a form that is safe in logs and events: at most MaxExcerptBytes of valid UTF-8,
// runs of white space as one space, other unprintable characters as U+FFFD.
func Excerpt(body []byte) string {
	var b strings.Builder
	space := false
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		body = body[size:]
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		width := utf8.RuneLen(r)
		if space {
			width++
		}
		if b.Len()+width > MaxExcerptBytes {
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
