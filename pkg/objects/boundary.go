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

package objects

// boundary finds where a JSON value ends in text that comes in chunks. It counts brackets and knows
// strings; the rest of the syntax is left to the decoder.
type boundary struct {
	depth    int
	inString bool
	escaped  bool
	inScalar bool // in a number or literal, which only the byte behind it ends
}

// find returns how many bytes of the chunk belong to the value, and whether it is complete with them.
// The first chunk must begin with the value.
func (b *boundary) find(chunk []byte) (n int, complete bool) {
	for i, c := range chunk {
		switch {
		case b.inString:
			if b.endsString(c) && b.depth == 0 {
				return i + 1, true
			}
		case b.inScalar:
			if isSpace(c) || c == ',' || c == ']' || c == '}' {
				return i, true
			}
		case c == '"':
			b.inString = true
		case c == '{' || c == '[':
			b.depth++
		case c == '}' || c == ']':
			if b.depth--; b.depth <= 0 {
				return i + 1, true
			}
		case b.depth == 0:
			b.inScalar = true
		}
	}
	return len(chunk), false
}

// endsString moves on inside a string and reports whether c ends it.
func (b *boundary) endsString(c byte) bool {
	switch {
	case b.escaped:
		b.escaped = false
	case c == '\\':
		b.escaped = true
	case c == '"':
		b.inString = false
		return true
	}
	return false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
