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

package decorator

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/pkg/apply"
)

const (
	managerPrefix = "metacontroller/decorator/"
	// maxManager is how long the name of a field manager may be.
	maxManager = 128
)

// fieldManager returns the field manager of a controller: who set a label is told by it, so each controller has its own.
func fieldManager(controller string) string {
	manager := managerPrefix + controller
	if len(manager) <= maxManager {
		return manager
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(controller)) // never fails
	suffix := "-" + hex.EncodeToString(hash.Sum(nil))
	return manager[:maxManager-len(suffix)] + suffix
}

// yield takes from a decoration the labels and annotations that another decorator has set: two that want different values would
// change and call each other for ever. Rivalry names them. What anybody else has set is not spared.
//
// Only a change of what is there already asks the API server who set it, because only then it matters.
func (c *controller) yield(ctx context.Context, o *observation, d *apply.Decoration) (rivalry, err error) {
	if !overwrites(d.Labels, o.object.Labels) && !overwrites(d.Annotations, o.object.Annotations()) {
		return nil, nil
	}
	live, err := c.config.Live.Resource(d.GroupVersionResource).Namespace(d.Namespace).Get(ctx, d.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // the write will find out
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read who set the labels and annotations of %s: %w", d.Target, err)
	}
	others, err := managers(c.config.Controllers.Lister())
	if err != nil {
		return nil, err
	}
	delete(others, d.FieldManager)
	held := heldBy(live.ManagedFields, others)
	var errs []error
	d.Labels = held.labels.spare(d.Labels, "label", &errs)
	d.Annotations = held.annotations.spare(d.Annotations, "annotation", &errs)
	if d.ResourceVersion == "" {
		d.ResourceVersion = live.ResourceVersion // which is what the holders were read from
	}
	return errors.Join(errs...), nil
}

// overwrites reports whether one of the changes is of a key that is there.
func overwrites(changes map[string]*string, observed map[string]string) bool {
	for key := range changes {
		if _, found := observed[key]; found {
			return true
		}
	}
	return false
}

// holders are the controllers that set keys.
type holders map[string]string

// heldBy returns what of an object's labels and annotations those field managers have set, by whose they are.
func heldBy(entries []metav1.ManagedFieldsEntry, managers map[string]string) (held struct{ labels, annotations holders }) {
	held.labels, held.annotations = holders{}, holders{}
	for _, entry := range entries {
		controller, known := managers[entry.Manager]
		if !known || entry.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Metadata struct {
				Labels      map[string]json.RawMessage `json:"f:labels"`
				Annotations map[string]json.RawMessage `json:"f:annotations"`
			} `json:"f:metadata"`
		}
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
			continue // no server stores that
		}
		held.labels.add(fields.Metadata.Labels, controller)
		held.annotations.add(fields.Metadata.Annotations, controller)
	}
	return held
}

func (h holders) add(fields map[string]json.RawMessage, controller string) {
	const prefix = "f:"
	for field := range fields {
		if len(field) > len(prefix) && field[:len(prefix)] == prefix {
			h[field[len(prefix):]] = controller
		}
	}
}

// spare returns the changes of keys that nobody holds.
func (h holders) spare(changes map[string]*string, what string, errs *[]error) map[string]*string {
	spared := maps.Clone(changes)
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		if holder, held := h[key]; held {
			delete(spared, key)
			*errs = append(*errs, fmt.Errorf("the %s %q is left as it is: DecoratorController %s has set it to something else: have one of the two "+
				"use another key, or remove the %s from the object", what, key, holder, what))
		}
	}
	return spared
}
