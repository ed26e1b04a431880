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

package related

import (
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/hookplane/hookplane/pkg/objects"
)

// rule is a valid rule of a customize hook. It is immutable.
type rule struct {
	// id tells whether two rules select the same.
	id ruleID
	// namespaces is the resource of Namespaces, when namespaceSelector is not nil.
	namespaces objects.Resource
	// namespaceSelector is nil when the namespaces' labels do not matter.
	namespaceSelector labels.Selector
	// selector matches everything when the rule has names.
	selector labels.Selector
	// names are sorted, without duplicates; none: all names.
	names []string
}

// ruleID is what a rule selects, as text.
type ruleID struct {
	resource objects.Resource
	// namespace is "" for all, and for a cluster-scoped resource.
	namespace                          string
	namespaceSelector, selector, names string
	// hidden says that the hook would not be shown what the rule selects: it selects nothing, and only says its type.
	hidden bool
}

// identify fills in the texts of the rule's parts.
func (r *rule) identify() {
	if r.namespaceSelector != nil {
		r.id.namespaceSelector = "?" + r.namespaceSelector.String() // never empty
	}
	r.id.selector = r.selector.String()
	r.id.names = strings.Join(r.names, "/")
}
