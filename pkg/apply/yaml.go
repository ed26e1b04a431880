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

package apply

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// escapeForYAML returns a JSON text that reads the same as YAML. API servers read the body of an apply as YAML, of which JSON
// is nearly a part: YAML refuses some characters that JSON allows inside a string. They become escapes.
func escapeForYAML(text []byte) []byte {
	if !bytes.ContainsFunc(text, refusedByYAML) {
		return text
	}
	escaped := make([]byte, 0, len(text)+len(text)/8)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if refusedByYAML(r) {
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		} else {
			escaped = append(escaped, text[:size]...)
		}
		text = text[size:]
	}
	return escaped
}

// refusedByYAML tells of the characters that JSON does not have to escape and that YAML does not allow as they are: those that it
// does not count as printable (YAML 1.2 §5.1), and the line break U+0085.
func refusedByYAML(r rune) bool {
	return r >= 0x7f && r <= 0x9f || r == 0xfffe || r == 0xffff
}
