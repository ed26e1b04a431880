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
	"io/fs"
	"strings"

	"github.com/hookplane/hookplane/apis/hook"
)

// addTeamLabels returns an initializer that gives an object the labels of a team, where it has none of that name. Each file is
// named like a namespace and has one key=value in each line.
func addTeamLabels(teams fs.FS) initializer {
	return func(request *hook.InitializeRequest) error {
		text, err := fs.ReadFile(teams, request.Request.Namespace)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nobody's namespace
		}
		if err != nil {
			return err
		}
		labels := request.Object.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		for line := range strings.Lines(string(text)) {
			key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if _, has := labels[key]; ok && !has {
				labels[key] = value
			}
		}
		request.Object.SetLabels(labels)
		return nil
	}
}
