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

package hook

import (
	"slices"

	hookapi "github.com/hookplane/hookplane/apis/hook"
)

// CustomizeRequest is what a customize hook is to be sent. On the wire it is an apis/hook.CustomizeRequest.
type CustomizeRequest struct {
	// Controller and Parent are JSON objects, required.
	Controller, Parent []byte
}

// AppendJSON appends the request as a JSON document to dst and returns the longer slice.
func (r *CustomizeRequest) AppendJSON(dst []byte) []byte {
	const frame = 30
	dst = slices.Grow(dst, frame+len(r.Controller)+len(r.Parent))
	dst = append(dst, `{"controller":`...)
	dst = append(dst, r.Controller...)
	dst = append(dst, `,"parent":`...)
	dst = append(dst, r.Parent...)
	return append(dst, '}')
}

// DecodeCustomize decodes what a customize hook answered, as DecodeComposite does. What the rules mean is not judged, only
// how many they are. Every answer that cannot be decoded is a *DecodeError that lists what is wrong.
func DecodeCustomize(body []byte, mode Mode) (*hookapi.CustomizeResponse, error) {
	var (
		response hookapi.CustomizeResponse
		found    problems
	)
	err := decodeObject(body, &response, mode, &found)
	if err == nil {
		checkRelatedCount(response.RelatedResources, &found)
		err = found.join()
	}
	if err != nil {
		return nil, &DecodeError{Body: Excerpt(body), Err: err}
	}
	return &response, nil
}

func checkRelatedCount(rules []hookapi.RelatedResourceRule, found *problems) {
	if len(rules) > hookapi.MaxRelatedRules {
		found.addf("relatedResources: has %d rules, at most %d are allowed: select by labels what they have in common", len(rules), hookapi.MaxRelatedRules)
	}
	names := 0
	for i := range rules {
		if names += len(rules[i].Names); names > hookapi.MaxRelatedNames {
			found.addf("relatedResources[%d].names: all rules together list more than %d names: select by labels instead", i, hookapi.MaxRelatedNames)
			return
		}
	}
}
