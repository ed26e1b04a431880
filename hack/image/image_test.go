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
	"archive/tar"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// compile builds a small program for a platform, in a folder of its own.
func compile(t *testing.T, arch string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "program")
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, "./testdata/program")
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return binary
}

func buildRelease(t *testing.T) (string, v1.Hash) {
	t.Helper()
	output := filepath.Join(t.TempDir(), "image")
	digest, err := build(release{version: "v1.2.3", created: time.Unix(1e9, 0).UTC(), binaries: []string{compile(t, "amd64"), compile(t, "arm64")}}, output)
	if err != nil {
		t.Fatal(err)
	}
	return output, digest
}

// TestBuild builds twice, everything anew: the digests are the same, and the images are what they should be.
func TestBuild(t *testing.T) {
	output, digest := buildRelease(t)
	if _, again := buildRelease(t); again != digest {
		t.Errorf("built again the image is %s, and was %s", again, digest)
	}
	all, err := layout.ImageIndexFromPath(filepath.Join(output, "oci"))
	if err != nil {
		t.Fatal(err)
	}
	index, err := all.ImageIndex(digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, descriptor := range manifest.Manifests {
		platforms = append(platforms, descriptor.Platform.String())
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkConfig(t, image)
		checkFiles(t, image)
		checkBill(t, all, descriptor.Digest)
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Errorf("platforms: -want, +got:\n%s", diff)
	}
}

func checkConfig(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got := []any{config.Config.Entrypoint, config.Config.User, config.Created.Unix()}
	if diff := cmp.Diff([]any{[]string{"/hookplane"}, "65532:65532", int64(1e9)}, got); diff != "" {
		t.Errorf("entrypoint, user and time: -want, +got:\n%s", diff)
	}
}

// checkFiles looks into the image: there is nothing that can be run but hookplane, and the authorities are certificates.
func checkFiles(t *testing.T, image v1.Image) {
	t.Helper()
	reader := mutate.Extract(image)
	defer reader.Close()
	archive := tar.NewReader(reader)
	var programs []string
	pool := x509.NewCertPool()
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg && header.Mode&0o111 != 0 {
			programs = append(programs, header.Name)
		}
		if header.Name == "etc/ssl/certs/ca-certificates.crt" {
			content, err := io.ReadAll(archive)
			if err != nil || !pool.AppendCertsFromPEM(content) {
				t.Errorf("no certificates in %s: %v", header.Name, err)
			}
		}
	}
	if diff := cmp.Diff([]string{"hookplane"}, programs); diff != "" {
		t.Errorf("programs: -want, +got:\n%s", diff)
	}
	if pool.Equal(x509.NewCertPool()) {
		t.Error("the image trusts nobody")
	}
}

// checkBill looks for the bill of materials that refers to an image.
func checkBill(t *testing.T, all v1.ImageIndex, image v1.Hash) {
	t.Helper()
	manifest, err := all.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, descriptor := range manifest.Manifests {
		if !descriptor.MediaType.IsImage() {
			continue
		}
		artifact, err := all.Image(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		content, err := artifact.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if content.Subject == nil || content.Subject.Digest != image {
			continue
		}
		checkDocument(t, artifact)
		return
	}
	t.Errorf("no bill of materials for %s", image)
}

func checkDocument(t *testing.T, artifact v1.Image) {
	t.Helper()
	layers, err := artifact.Layers()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var document spdxDocument
	if err := json.NewDecoder(reader).Decode(&document); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range document.Packages {
		names = append(names, p.Name)
	}
	for _, want := range []string{"github.com/hookplane/hookplane/hack/image", "std", "github.com/google/go-cmp"} {
		if !slices.Contains(names, want) {
			t.Errorf("the bill of materials does not have %s: %v", want, names)
		}
	}
}
