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

package plan

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/json"
)

// SelectorLabel is the label that a generated selector selects by. docs/protocol.md §4.
const SelectorLabel = "controller-uid"

// desiredChild is a child of the answer that passed all checks. Its body is still bytes.
type desiredChild struct {
	index int // in the answer
	key   ChildKey
	raw   []byte
	hash  uint64
	held  bool // leave it as it is for now
}

// envelope is what of a desired child is looked at in every sync, unless it was settled already.
type envelope struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string             `json:"name"`
		Namespace string             `json:"namespace"`
		Labels    map[string]*string `json:"labels"` // null: not set
	} `json:"metadata"`
}

// checkChildren finds out what each child of the answer is, and everything that voids the answer. docs/protocol.md §2.
//
// A child that an earlier sync found settled, in the same words, passed all checks then: it is not decoded again.
func checkChildren(in *Input, rules *ruleIndex, faults *faults) []desiredChild {
	wanted := make([]desiredChild, 0, len(in.Response.Children))
	first := make(map[ChildKey]int, len(in.Response.Children))
	hasher, checked := newDesiredHasher(in), checkedBefore(in)
	for i, raw := range in.Response.Children {
		hash := hasher.hash(raw)
		key, ok := checked[hash]
		if !ok {
			if key, ok = checkChild(in, rules, i, raw, faults); !ok {
				continue
			}
		}
		if earlier, found := first[rules.identity(key)]; found {
			e, _ := decodeEnvelope(raw) // again: answers are rarely at fault
			faults.child(i, e, "is the same object as %s[%d]", in.listName(), earlier)
			continue
		}
		first[rules.identity(key)] = i
		wanted = append(wanted, desiredChild{index: i, key: key, raw: raw, hash: hash})
	}
	return wanted
}

// checkedBefore returns the children that passed all checks in an earlier sync, by their hash.
func checkedBefore(in *Input) map[uint64]ChildKey {
	checked := make(map[uint64]ChildKey, len(in.Settled))
	for key, settled := range in.Settled {
		checked[settled.DesiredHash] = key
	}
	return checked
}

// checkChild returns the key of a desired child, or false when it has none.
func checkChild(in *Input, rules *ruleIndex, index int, raw []byte, faults *faults) (ChildKey, bool) {
	e, fault := decodeEnvelope(raw)
	if fault != "" {
		faults.child(index, e, "%s", fault)
		return ChildKey{}, false
	}
	key, ok := checkIdentity(in, rules, index, e, faults)
	checkLabels(in, index, e, faults)
	return key, ok
}

// decodeEnvelope returns what is wrong with a child that cannot be read. The envelope is then nil or incomplete.
func decodeEnvelope(raw []byte) (*envelope, string) {
	if fault := tooLarge(raw); fault != "" {
		return nil, fault
	}
	if kind := jsonType(raw); kind != "an object" {
		return nil, "is " + kind + ", not an object"
	}
	e := &envelope{}
	// Member names count as written, and one that is given twice is refused: what is checked here must be what is sent.
	duplicates, err := json.UnmarshalStrict(raw, e, json.DisallowDuplicateFields)
	var wrongType *stdjson.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return e, describeWrongType(wrongType)
	case err != nil:
		return e, "cannot be read: " + clip(err.Error())
	case len(duplicates) > 0:
		return e, clip(duplicates[0].Error())
	}
	return e, ""
}

// maxObjectBytes is more than API servers accept of one object (3 MiB), with room for white space. What is larger is not decoded:
// it would take many times its size.
const maxObjectBytes = 4 << 20

// tooLarge returns what is wrong with a JSON text of a size that no API server would take.
func tooLarge(raw []byte) string {
	if len(raw) <= maxObjectBytes {
		return ""
	}
	return fmt.Sprintf("has %d bytes, and API servers accept 3 MiB of one object", len(raw))
}

// describeWrongType says which member has a value of a type that it cannot have.
func describeWrongType(err *stdjson.UnmarshalTypeError) string {
	isString := err.Type.Kind() == reflect.String
	switch {
	case isString && err.Field == "metadata.labels":
		return "the values of metadata.labels must be strings, not " + article(err.Value)
	case isString:
		return err.Field + " must be a string, not " + article(err.Value)
	default:
		return err.Field + " must be an object, not " + article(err.Value)
	}
}

// checkIdentity returns the key of a desired child, or false when it has none.
func checkIdentity(in *Input, rules *ruleIndex, index int, e *envelope, faults *faults) (ChildKey, bool) {
	if e.APIVersion == "" || e.Kind == "" {
		faults.child(index, e, "apiVersion and kind are required")
		return ChildKey{}, false
	}
	ok := true
	switch reasons := content.IsPathSegmentName(e.Metadata.Name); {
	case e.Metadata.Name == "":
		faults.child(index, e, "metadata.name is required")
		ok = false
	case len(reasons) > 0:
		faults.child(index, e, "metadata.name %s", strings.Join(reasons, ", "))
		ok = false
	}
	rule, declared := rules.byType[childType{e.APIVersion, e.Kind}]
	if !declared {
		faults.child(index, e, "no %s declares this type: add {apiVersion: %s, resource: %s} to %s",
			in.ruleName(), clip(e.APIVersion), clip(guessResource(e)), in.rulesField())
		return ChildKey{}, false
	}
	namespace, fault := childNamespace(&in.Parent, &rules.rules[rule], e)
	if fault != "" {
		faults.child(index, e, "%s", fault)
		ok = false
	}
	return ChildKey{Rule: rule, Namespace: namespace, Name: e.Metadata.Name}, ok
}

// childNamespace returns the namespace that a desired child belongs in, or what is wrong with the one it gives.
// docs/protocol.md §2 and §4.
func childNamespace(parent *Parent, rule *Rule, e *envelope) (namespace, fault string) {
	given := e.Metadata.Namespace
	switch {
	case !rule.Namespaced && parent.Namespace != "":
		return "", "a namespaced parent cannot own cluster-scoped " + rule.Resource
	case !rule.Namespaced && given != "":
		return "", "metadata.namespace must be empty: " + rule.Resource + " are cluster-scoped"
	case !rule.Namespaced:
		return "", ""
	case parent.Namespace != "" && given != "" && given != parent.Namespace:
		return "", "metadata.namespace is " + quote(given) + ", but children of a namespaced parent live in its namespace " +
			quote(parent.Namespace)
	case parent.Namespace != "":
		return parent.Namespace, ""
	case given == "":
		return "", "metadata.namespace is required: the parent is cluster-scoped"
	}
	if reasons := content.IsPathSegmentName(given); len(reasons) > 0 {
		return "", "metadata.namespace " + strings.Join(reasons, ", ")
	}
	return given, ""
}

// checkLabels tells of a desired child that the parent would release right after it was created.
func checkLabels(in *Input, index int, e *envelope, faults *faults) {
	if in.Selector == nil {
		return
	}
	set := make(labels.Set, len(e.Metadata.Labels)+1)
	if in.GenerateSelector {
		set[SelectorLabel] = string(in.Parent.UID)
	}
	for name, value := range e.Metadata.Labels {
		if value != nil {
			set[name] = *value
		}
	}
	if !in.Selector.Matches(set) {
		faults.child(index, e, "metadata.labels do not match the parent's selector %s", quote(in.Selector.String()))
	}
}

// guessResource guesses the plural of a type that nobody declared, for a message.
func guessResource(e *envelope) string {
	plural, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Kind: e.Kind})
	return plural.Resource
}

// jsonType names the type of a JSON text as a person would.
func jsonType(raw []byte) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return "empty"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// article puts the article before a type as encoding/json names it.
func article(jsonType string) string {
	switch jsonType {
	case "array":
		return "a list"
	case "bool":
		return "a boolean"
	case "object":
		return "an object"
	default:
		return "a " + strings.Fields(jsonType)[0] // "number 1.5" as well as "number"
	}
}
