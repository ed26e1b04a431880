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

import (
	"bytes"
	"encoding/json"
)

// unescape returns what a quoted string says: a part of it unless it has escapes.
func unescape(quoted []byte) ([]byte, error) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return nil, err
	}
	return []byte(text), nil
}

func (s *scanner) skipLiteral(literal string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(literal)) {
		return s.unexpected("a value")
	}
	s.pos += len(literal)
	return nil
}

// skipString consumes a string; the scanner stands at its opening quote.
func (s *scanner) skipString() error {
	for i := s.pos + 1; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return nil
		case c < ' ':
			s.pos = i
			return s.unexpected("no control character in a string")
		case c == '\\':
			length := escapeLength(s.data[i:])
			if length == 0 {
				s.pos = i
				return s.unexpected("an escape")
			}
			i += length - 1
		}
	}
	s.pos = len(s.data)
	return s.unexpected("the end of a string")
}

// escapeLength returns the length of the escape sequence at the start of text, zero when it is none.
func escapeLength(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	if text[1] != 'u' {
		if bytes.IndexByte([]byte(`"\/bfnrt`), text[1]) < 0 {
			return 0
		}
		return 2
	}
	if len(text) < 6 {
		return 0
	}
	for _, c := range text[2:6] {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0
		}
	}
	return 6
}

func (s *scanner) skipNumber() error {
	s.accept('-')
	if !s.accept('0') && !s.digits() {
		return s.unexpected("a value")
	}
	if s.accept('.') && !s.digits() {
		return s.unexpected("a digit")
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('+') {
			s.accept('-')
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	return nil
}

func (s *scanner) accept(c byte) bool {
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && isDigit(s.data[s.pos]) {
		s.pos++
	}
	return s.pos > start
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
