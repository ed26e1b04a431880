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

package webhook

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// minCompressed is the longest request that is never compressed. docs/protocol.md §3.
const minCompressed = 1 << 20

// encode returns the body as it is sent, and how it is encoded: "" when it is not.
func (c *connections) encode(body []byte) (sent []byte, encoding string) {
	if len(body) <= minCompressed || !c.gzip.Load() {
		return body, ""
	}
	writer, ok := c.owner.writers.Get().(*gzip.Writer)
	if !ok {
		writer, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for an unknown level only
	}
	defer c.owner.writers.Put(writer)
	var zipped bytes.Buffer
	zipped.Grow(len(body) / 4)
	writer.Reset(&zipped)
	_, _ = writer.Write(body) // a buffer takes everything
	_ = writer.Close()        // likewise
	return zipped.Bytes(), "gzip"
}

// learnEncodings notes what an answer says about compressed requests: the server takes them when it lists gzip in an
// Accept-Encoding header, RFC 7694, and does not when it refused one without such a header.
func (c *connections) learnEncodings(answer *http.Response) {
	listed := answer.Header.Values("Accept-Encoding")
	if len(listed) > 0 || answer.StatusCode == http.StatusUnsupportedMediaType {
		c.gzip.Store(acceptsGzip(listed))
	}
}

// acceptsGzip reports whether the values of an Accept-Encoding header allow gzip.
func acceptsGzip(listed []string) bool {
	others := false
	for coding := range strings.SplitSeq(strings.Join(listed, ","), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		value, weighted := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(weight, " ", "")), "q=")
		q, err := strconv.ParseFloat(value, 64)
		accepted := !weighted || err == nil && q > 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return accepted
		case "*":
			others = accepted
		}
	}
	return others
}
