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

package assets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// completed returns a folder of links: to the given programs, and to the built one for the controller manager that the given
// folder lacks. It is made anew each time, because what the given folder holds may have changed.
func (l *Locator) completed(ctx context.Context, built string) (string, error) {
	sum := sha256.Sum256([]byte(l.Given + "\x00" + built))
	folder := filepath.Join(l.Cache, "completed-"+hex.EncodeToString(sum[:])[:keyLength])
	unlock, err := lock(ctx, folder+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	links := map[string]string{ControllerManager: built, Etcd: l.Given, APIServer: l.Given}
	if hasProgram(l.Given, Kubectl) {
		links[Kubectl] = l.Given
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("cannot make the folder of the completed programs: %w", err)
	}
	for name, target := range links {
		if err := replaceLink(filepath.Join(target, name), filepath.Join(folder, name)); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// replaceLink leaves no moment without a link: another control plane may be starting its program.
func replaceLink(target, link string) error {
	temporary := link + ".new"
	if err := os.RemoveAll(temporary); err != nil {
		return fmt.Errorf("cannot remove a left-over link: %w", err)
	}
	if err := os.Symlink(target, temporary); err != nil {
		return fmt.Errorf("cannot link a program: %w", err)
	}
	if err := os.Rename(temporary, link); err != nil {
		return fmt.Errorf("cannot link a program: %w", err)
	}
	return nil
}
