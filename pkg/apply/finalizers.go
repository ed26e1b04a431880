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

package apply

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
)

// SetFinalizers replaces an object's finalizers and returns its new resourceVersion. Without one that would be the end
// of an object that is being deleted. An object that has changed since the observed resourceVersion gives a conflict.
func (a *Applier) SetFinalizers(ctx context.Context, object Target, uid types.UID, observed string, finalizers []string) (string, error) {
	version, err := a.patchMetadata(ctx, object, map[string]any{
		"uid": uid, "resourceVersion": observed, "finalizers": finalizers,
	})
	if err != nil {
		return "", fmt.Errorf("cannot set the finalizers of %s: %w", object, err)
	}
	return version, nil
}
