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

// memoBytes bounds the keys that one memo remembers.
const memoBytes = 32 << 10

// memo remembers what JSON texts were parsed into, so that objects with equal labels, owners or
// namespaces share one value. It forgets everything when it grows too large: sharing is a saving, and
// neighbours in a list, which share most, come close together.
type memo[V any] struct {
	values map[string]V
	bytes  int
}

// get returns the value for text, from parse when it is not known.
func (m *memo[V]) get(text []byte, parse func([]byte) (V, error)) (V, error) {
	if value, known := m.values[string(text)]; known {
		return value, nil
	}
	value, err := parse(text)
	if err != nil {
		return value, err
	}
	m.bytes += len(text)
	if m.values == nil || m.bytes > memoBytes {
		m.values, m.bytes = map[string]V{}, len(text)
	}
	m.values[string(text)] = value
	return value, nil
}
