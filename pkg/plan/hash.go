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

import "hash/maphash"

// seed makes the hashes of this package comparable within the process. None ever leaves it.
var seed = maphash.MakeSeed()

// desiredHasher hashes desired children together with what the plan adds to each, and with what their labels are checked against.
type desiredHasher struct {
	additions uint64
}

func newDesiredHasher(in *Input) desiredHasher {
	selector := ""
	if in.Selector != nil && !in.GenerateSelector { // a generated one follows from the UID
		selector = in.Selector.String()
	}
	return desiredHasher{additions: maphash.Comparable(seed, [...]any{
		in.Parent.APIVersion, in.Parent.Kind, in.Parent.Namespace, in.Parent.Name, in.Parent.UID, in.GenerateSelector, in.Decorator, selector,
	})}
}

func (h desiredHasher) hash(raw []byte) uint64 {
	return maphash.Comparable(seed, [...]uint64{h.additions, hashBytes(raw)})
}

func hashBytes(data []byte) uint64 {
	return maphash.Bytes(seed, data)
}
