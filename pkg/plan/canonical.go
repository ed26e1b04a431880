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
	"encoding/base64"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/api/resource"
)

// canonicalise brings what a hook says of a built-in type into the form in which API servers keep it, where that form is known and
// means the same. So a child that is as desired looks as desired: after a restart too it needs no write to find that out.
func canonicalise(object map[string]any, rule *Rule) {
	switch group(rule.APIVersion) {
	case "", "apps", "batch", "autoscaling", "policy":
	default:
		return // A custom resource keeps the texts that it was sent.
	}
	if rule.APIVersion == "v1" && rule.Kind == "Secret" {
		encodeStringData(object)
	}
	canonicaliseQuantities(object)
}

// quantityMembers are the members of built-in types that hold objects of quantities. Labels and the like hold no objects.
var quantityMembers = map[string]struct{}{"limits": {}, "requests": {}, "hard": {}, "overhead": {}, "capacity": {}}

// canonicaliseQuantities writes 1000m as 1 and 1024Mi as 1Gi, at any depth.
func canonicaliseQuantities(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			members := asObject(member)
			if _, areQuantities := quantityMembers[name]; areQuantities {
				for resourceName, quantity := range members {
					members[resourceName] = canonicalQuantity(quantity)
				}
				continue
			}
			if size, found := members["sizeLimit"]; found && name == "emptyDir" {
				members["sizeLimit"] = canonicalQuantity(size)
			}
			canonicaliseQuantities(member)
		}
	case []any:
		for _, item := range value {
			canonicaliseQuantities(item)
		}
	}
}

// canonicalQuantity returns the value as it is when it is no quantity.
func canonicalQuantity(value any) any {
	switch value.(type) {
	case string, int64, float64:
		quantity, err := resource.ParseQuantity(fmt.Sprint(value))
		if err == nil {
			return quantity.String()
		}
	}
	return value
}

// encodeStringData moves a Secret's stringData, which servers accept and never show, into its data.
func encodeStringData(object map[string]any) {
	texts, isObject := object["stringData"].(map[string]any)
	data, hasData := object["data"].(map[string]any)
	if !isObject || !hasData && object["data"] != nil {
		return
	}
	encoded := make(map[string]any, len(data)+len(texts))
	maps.Copy(encoded, data)
	for name, value := range texts {
		text, isString := value.(string)
		if !isString {
			return // The server says what is wrong with it.
		}
		encoded[name] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	object["data"] = encoded
	delete(object, "stringData")
}
