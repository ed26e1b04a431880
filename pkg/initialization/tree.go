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

package initialization

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Tree is a JSON object, with numbers as they were written (json.Number).
type Tree = map[string]any

// Decode reads a JSON object.
func Decode(raw []byte) (Tree, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree Tree
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows the JSON object")
	}
	if tree == nil {
		return nil, errors.New("want a JSON object, got null")
	}
	return tree, nil
}

// Encode writes a tree that Decode has read.
func Encode(tree Tree) []byte {
	raw, _ := json.Marshal(tree) //nolint:errchkjson // what was decoded encodes
	return raw
}

// Copy returns a deep copy.
func Copy(tree Tree) Tree { return copyValue(tree).(Tree) }

func copyValue(value any) any {
	switch typed := value.(type) {
	case Tree:
		copied := make(Tree, len(typed))
		for key, member := range typed {
			copied[key] = copyValue(member)
		}
		return copied
	case []any:
		copied := make([]any, len(typed))
		for i, item := range typed {
			copied[i] = copyValue(item)
		}
		return copied
	default:
		return value
	}
}

// String returns a string inside a tree, empty when there is none.
func String(tree Tree, path ...string) string {
	for _, name := range path[:len(path)-1] {
		tree, _ = tree[name].(Tree)
	}
	text, _ := tree[path[len(path)-1]].(string)
	return text
}

// DropManagedFields removes what only the API server reads.
func DropManagedFields(object Tree) {
	if metadata, ok := object["metadata"].(Tree); ok {
		delete(metadata, "managedFields")
	}
}
