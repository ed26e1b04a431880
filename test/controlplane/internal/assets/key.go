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
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// keyLength is enough of a hash to tell the builds of one machine apart.
const keyLength = 12

// kubernetesRequirement finds the version of Kubernetes in go.mod, the one place where it is written.
var kubernetesRequirement = regexp.MustCompile(`(?m)^\s*(?:require\s+)?k8s\.io/kubernetes\s+(v(\d+)\.(\d+)\.\S+)`)

// kubernetesVersion is a version as the linker flags need it: v1.37.2, 1 and 37.
type kubernetesVersion struct{ git, major, minor string }

func readVersion(sources fs.FS) (kubernetesVersion, error) {
	gomod, err := fs.ReadFile(sources, "go.mod")
	if err != nil {
		return kubernetesVersion{}, fmt.Errorf("cannot read the embedded go.mod: %w", err)
	}
	match := kubernetesRequirement.FindStringSubmatch(string(gomod))
	if match == nil {
		return kubernetesVersion{}, fmt.Errorf("the embedded go.mod does not require k8s.io/kubernetes")
	}
	return kubernetesVersion{git: match[1], major: match[2], minor: match[3]}, nil
}

// ldflags drops the symbol table and the debug information, which makes linking faster and the program smaller, and sets the version: without
// it the server calls itself v0.0.0-master+$Format:%H$, which clients cannot parse.
func (v kubernetesVersion) ldflags() string {
	const variable = "-X k8s.io/component-base/version."
	return strings.Join([]string{
		"-s -w",
		variable + "gitVersion=" + v.git,
		variable + "gitMajor=" + v.major,
		variable + "gitMinor=" + v.minor,
	}, " ")
}

// cacheKey names a build after all that goes into it: the sources, the linker flags and the platform.
func cacheKey(sources fs.FS, version kubernetesVersion, platform string) (string, error) {
	hash := sha256.New()
	write := func(name string, content []byte) {
		// The lengths keep the end of one part from being read as the start of the next.
		_, _ = fmt.Fprintf(hash, "%s %d\n", name, len(content))
		_, _ = hash.Write(content)
	}
	err := fs.WalkDir(sources, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(sources, path)
		if err != nil {
			return err
		}
		write(path, content)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("cannot read the embedded sources: %w", err)
	}
	write("ldflags", []byte(version.ldflags()))
	write("platform", []byte(platform))
	return version.git + "-" + hex.EncodeToString(hash.Sum(nil))[:keyLength], nil
}
