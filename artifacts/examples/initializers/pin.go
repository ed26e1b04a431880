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

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/apis/hook"
)

// pinImages returns an initializer that replaces the tags of images by their digests. Each file is named like an image, with
// slashes and colons as underscores, and has its digest. A Pod with an image that has no digest is refused.
func pinImages(digests fs.FS) initializer {
	return func(request *hook.InitializeRequest) error {
		for _, list := range []string{"initContainers", "containers"} {
			containers, found, err := unstructured.NestedSlice(request.Object.Object, "spec", list)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			for _, container := range containers {
				if err := pinImage(container, digests); err != nil {
					return err
				}
			}
			if err := unstructured.SetNestedSlice(request.Object.Object, containers, "spec", list); err != nil {
				return err
			}
		}
		return nil
	}
}

// pinImage replaces the tag of a container's image by its digest.
func pinImage(item any, digests fs.FS) error {
	container, _ := item.(map[string]any)
	image, _ := container["image"].(string)
	if image == "" || strings.Contains(image, "@") {
		return nil // not for us to judge, or pinned already
	}
	digest, err := fs.ReadFile(digests, strings.NewReplacer("/", "_", ":", "_").Replace(image))
	if errors.Is(err, fs.ErrNotExist) {
		return &refusal{fmt.Sprintf("image %s of container %v is not released: it has no digest", image, container["name"])}
	}
	if err != nil {
		return err
	}
	container["image"] = image + "@" + strings.TrimSpace(string(digest))
	return nil
}
