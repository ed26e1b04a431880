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

package install

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/test/cluster"
)

// release is the folder of a release to install from. Empty: the repository, and the server that is tested.
var release = flag.String("release", "", "folder of a release to install from, as hack/build-release.sh makes it")

// folder is where the lines of docs/install.md are run: a copy, in which the server has a port of its own.
type folder struct {
	t            *testing.T
	path, binary string
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{t: t, path: t.TempDir(), binary: env.binary}
	source := cluster.Root()
	if *release != "" {
		source, f.binary = *release, filepath.Join(*release, "hookplane")
	}
	for _, name := range []string{"docs", filepath.Join("artifacts", "deploy")} {
		f.copy(filepath.Join(source, name), filepath.Join(f.path, name))
	}
	// What the page says about the cluster of a user's kubeconfig is for this one.
	home := filepath.Join(f.path, ".kube")
	f.check(os.Mkdir(home, 0o700))
	f.check(os.Symlink(env.controlPlane.Kubeconfig, filepath.Join(home, "config")))
	bin := filepath.Join(f.path, "bin")
	f.check(os.Mkdir(bin, 0o700))
	f.check(os.Symlink(f.binary, filepath.Join(bin, "hookplane")))
	f.check(os.Symlink(env.controlPlane.Kubectl, filepath.Join(bin, "kubectl")))
	return f
}

// copy copies files, with another port for the server.
func (f *folder) copy(from, to string) {
	f.t.Helper()
	ownPort := freePort(f.t)
	f.check(filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, []byte(strings.ReplaceAll(string(content), port, ownPort)), 0o600)
	}))
}

// lines returns the commands of a section of docs/install.md. Those of helm are left out: there is none here, and test/packaging renders
// what it would.
func (f *folder) lines(section string) []string {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join(f.path, "docs", "install.md"))
	f.check(err)
	_, rest, found := strings.Cut(string(text), "\n## "+section+"\n")
	if !found {
		f.t.Fatalf("docs/install.md has no section %s", section)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	var lines []string
	for line := range strings.Lines(rest) {
		command, isCode := strings.CutPrefix(line, "    ")
		if isCode && !strings.HasPrefix(command, "helm ") {
			lines = append(lines, strings.TrimSpace(command))
		}
	}
	if len(lines) == 0 {
		f.t.Fatalf("docs/install.md has no commands in %s", section)
	}
	return lines
}

// run runs a line as a user would, in the folder.
func (f *folder) run(line string) (said string, err error) {
	f.t.Helper()
	command := exec.CommandContext(f.t.Context(), "bash", "-o", "pipefail", "-c", line)
	command.Dir = f.path
	command.Env = []string{"HOME=" + f.path, "PATH=" + filepath.Join(f.path, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")}
	output, err := command.CombinedOutput()
	f.t.Logf("$ %s\n%s", line, output)
	return string(output), err
}

func (f *folder) mustRun(line string) {
	f.t.Helper()
	if said, err := f.run(line); err != nil {
		f.t.Fatalf("%s: %v\n%s", line, err, said)
	}
}

func (f *folder) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}
