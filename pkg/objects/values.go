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
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// maxValueBytes bounds one object in a response. What etcd stores is far smaller.
	maxValueBytes = 64 << 20
	// idleBufferBytes is what a reader keeps for the next value: one huge object is not paid for ever.
	idleBufferBytes = 64 << 10
)

// valueReader cuts a stream of JSON into values without looking into them: a watch into its events, a
// list into its items. What it returns need not be valid JSON.
type valueReader struct {
	r     *bufio.Reader
	buf   []byte
	limit int // in bytes, of one value
}

func newValueReader(r io.Reader) *valueReader {
	return &valueReader{r: bufio.NewReaderSize(r, 16<<10), limit: maxValueBytes}
}

// next returns the next value, which is valid until the next call, and io.EOF when there is none.
func (v *valueReader) next() ([]byte, error) {
	if cap(v.buf) > idleBufferBytes {
		v.buf = nil
	}
	v.buf = v.buf[:0]
	if _, err := v.peek(); err != nil {
		return nil, err
	}
	var end boundary
	for {
		if _, err := v.r.Peek(1); err != nil { // reads on when nothing is buffered
			return nil, cutShort(err)
		}
		chunk, err := v.r.Peek(v.r.Buffered())
		if err != nil {
			return nil, err
		}
		n, complete := end.find(chunk)
		v.buf = append(v.buf, chunk[:n]...)
		if _, err := v.r.Discard(n); err != nil || complete {
			return v.buf, err
		}
		if len(v.buf) > v.limit {
			return nil, fmt.Errorf("a JSON value in the response is larger than %d bytes", v.limit)
		}
	}
}

// list reads a list response and calls visit for each item. The item is valid during the call only.
func (v *valueReader) list(visit func(item []byte) error) (metav1.ListMeta, error) {
	var meta metav1.ListMeta
	err := v.sequence('{', '}', func() error {
		quotedName, err := v.next()
		if err != nil {
			return cutShort(err)
		}
		name := string(quotedName)
		if _, err := v.delimiter(":"); err != nil {
			return err
		}
		if first, err := v.peek(); err == nil && first == '[' && name == `"items"` {
			return v.items(visit)
		}
		value, err := v.next()
		if err == nil && name == `"metadata"` {
			meta, err = parse[metav1.ListMeta](value)
		}
		return cutShort(err)
	})
	return meta, err
}

func (v *valueReader) items(visit func(item []byte) error) error {
	return v.sequence('[', ']', func() error {
		item, err := v.next()
		if err != nil {
			return cutShort(err)
		}
		return visit(item)
	})
}

func (v *valueReader) sequence(first, last byte, element func() error) error {
	if _, err := v.delimiter(string(first)); err != nil {
		return err
	}
	if c, err := v.peek(); err == nil && c == last {
		_, err := v.r.Discard(1)
		return err
	}
	for {
		if err := element(); err != nil {
			return err
		}
		c, err := v.delimiter("," + string(last))
		if err != nil || c == last {
			return err
		}
	}
}

// delimiter consumes one of the bytes in wanted, which must come next, and returns it.
func (v *valueReader) delimiter(wanted string) (byte, error) {
	c, err := v.peek()
	if err != nil {
		return 0, cutShort(err)
	}
	if strings.IndexByte(wanted, c) < 0 {
		return 0, fmt.Errorf("unexpected %q in the response, expected one of %q", c, wanted)
	}
	_, err = v.r.Discard(1)
	return c, err
}

// peek skips white space and returns the byte behind it, which it does not consume.
func (v *valueReader) peek() (byte, error) {
	for {
		c, err := v.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if !isSpace(c) {
			return c, v.r.UnreadByte()
		}
	}
}

// cutShort is the error for a stream that ends inside a value.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
