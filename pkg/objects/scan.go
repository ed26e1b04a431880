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

import "fmt"

// maxDepth is how deep JSON may nest, as in encoding/json.
const maxDepth = 10000

// scanner walks over JSON text and checks its syntax. It copies nothing: what it found is told as
// positions in data, and values that nobody asks for are only skipped.
type scanner struct {
	data   []byte
	pos    int
	member int // where the quoted name of the object member begins that was entered last
	depth  int
	spaced bool // there was white space between tokens
}

// peek moves to the next token and returns its first byte, zero at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		c := s.data[s.pos]
		if !isSpace(c) {
			return c
		}
		s.spaced = true
	}
	return 0
}

// end fails when anything but white space is left.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.data) {
		return s.unexpected("the end")
	}
	return nil
}

// members calls visit for each member of the object that comes next, with the member's name. visit
// must consume the value, to which the scanner points then.
func (s *scanner) members(visit func(name []byte) error) error {
	return s.pairs(func(quotedName []byte) error {
		name, err := unescape(quotedName)
		if err != nil {
			return err
		}
		return visit(name)
	})
}

// pairs does what members does, and tells names as they are written.
func (s *scanner) pairs(visit func(quotedName []byte) error) error {
	return s.sequence('{', '}', func() error {
		name, err := s.quoted()
		if err != nil {
			return err
		}
		start := s.pos - len(name)
		if s.peek() != ':' {
			return s.unexpected("a colon")
		}
		s.pos++
		s.peek()
		s.member = start
		return visit(name)
	})
}

// elements calls visit for each element of the array that comes next. visit must consume the element.
func (s *scanner) elements(visit func() error) error {
	return s.sequence('[', ']', func() error {
		s.peek()
		return visit()
	})
}

func (s *scanner) sequence(first, last byte, element func() error) error {
	if s.peek() != first {
		return s.unexpected(string(first))
	}
	s.pos++
	if s.depth++; s.depth > maxDepth {
		return fmt.Errorf("JSON nests deeper than %d levels", maxDepth)
	}
	for more := s.peek() != last; more; {
		if err := element(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case last:
			more = false
		default:
			return s.unexpected("a comma or " + string(last))
		}
	}
	s.pos++
	s.depth--
	return nil
}

// value skips the value that comes next and returns its text.
func (s *scanner) value() ([]byte, error) {
	s.peek()
	start := s.pos
	if err := s.skip(); err != nil {
		return nil, err
	}
	return s.data[start:s.pos], nil
}

// quoted consumes the string that comes next and returns it as it is written, with its quotes.
func (s *scanner) quoted() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.unexpected("a string")
	}
	start := s.pos
	if err := s.skipString(); err != nil {
		return nil, err
	}
	return s.data[start:s.pos], nil
}

// text consumes the string that comes next and returns what it says: a part of data unless the string
// has escapes.
func (s *scanner) text() ([]byte, error) {
	quoted, err := s.quoted()
	if err != nil {
		return nil, err
	}
	return unescape(quoted)
}

// skip consumes the value that comes next.
func (s *scanner) skip() error {
	switch c := s.peek(); c {
	case '{':
		return s.pairs(func([]byte) error { return s.skip() })
	case '[':
		return s.elements(s.skip)
	case '"':
		return s.skipString()
	case 't':
		return s.skipLiteral("true")
	case 'f':
		return s.skipLiteral("false")
	case 'n':
		return s.skipLiteral("null")
	default:
		return s.skipNumber()
	}
}

func (s *scanner) unexpected(wanted string) error {
	if s.pos >= len(s.data) {
		return fmt.Errorf("JSON ends at byte %d, expected %s", s.pos, wanted)
	}
	return fmt.Errorf("unexpected %q at byte %d of the JSON, expected %s", s.data[s.pos], s.pos, wanted)
}

// findMember returns the value of a member of a JSON object, nil when there is none. Each further name
// goes one level deeper.
func findMember(object []byte, names ...string) []byte {
	var found []byte
	s := scanner{data: object}
	if s.peek() != '{' {
		return nil
	}
	err := s.members(func(name []byte) error {
		matches := string(name) == names[0]
		value, err := s.value()
		if matches {
			found = value
		}
		return err
	})
	if err != nil || found == nil || len(names) == 1 {
		return found
	}
	return findMember(found, names[1:]...)
}
