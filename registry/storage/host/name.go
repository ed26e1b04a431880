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

package host

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// noNamespace stands for an empty namespace: longer than one can be, and sorts before all.
var noNamespace = strings.Repeat("0", validation.DNS1123LabelMaxLength+1)

// recordName returns the name of the record of a key (name, or namespace/name). Records sort by name as their objects
// do by key: a namespace has no dots, and a dot sorts among its letters as a slash does.
//
// A key that is no name of a record, because it is too long, gets one with a hash. Key, in the record, tells what it
// is of. Tests of storage have objects without a name or namespace too.
func recordName(key string) string {
	name := strings.Replace(key, "/", ".", 1)
	if strings.HasPrefix(key, "/") {
		name = noNamespace + name
	}
	problems := validation.IsDNS1123Subdomain(name)
	if len(problems) == 0 {
		return name
	}
	sum := sha256.Sum256([]byte(key))
	suffix := "-" + hex.EncodeToString(sum[:])
	if len(name) > validation.DNS1123SubdomainMaxLength {
		prefix := strings.TrimRight(name[:validation.DNS1123SubdomainMaxLength-len(suffix)], "-.")
		if shortened := prefix + suffix; len(validation.IsDNS1123Subdomain(shortened)) == 0 {
			return shortened
		}
	}
	return "x" + suffix
}
