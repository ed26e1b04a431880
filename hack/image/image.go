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
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// release is what images are made of.
type release struct {
	version  string
	created  time.Time
	binaries []string // one for each platform
}

// build writes an OCI layout: the index over the platforms, named by the version, and beside it a bill of materials for each image, which
// says whose it is. The bills are written as files too. It returns the digest of the index.
func build(r release, output string) (v1.Hash, error) {
	if err := os.Mkdir(output, 0o755); err != nil { //nolint:gosec // everybody may read images
		return v1.Hash{}, err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var bills []mutate.IndexAddendum
	for _, binary := range r.binaries {
		info, err := buildinfo.ReadFile(binary)
		if err != nil {
			return v1.Hash{}, err
		}
		platform := v1.Platform{OS: setting(info, "GOOS"), Architecture: setting(info, "GOARCH")}
		image, err := r.image(binary, platform)
		if err != nil {
			return v1.Hash{}, fmt.Errorf("%s: %w", binary, err)
		}
		bill, err := r.bill(info, image, filepath.Join(output, "hookplane-"+platform.OS+"-"+platform.Architecture+".spdx.json"))
		if err != nil {
			return v1.Hash{}, fmt.Errorf("%s: %w", binary, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
		bills = append(bills, mutate.IndexAddendum{Add: bill})
	}
	all := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), append([]mutate.IndexAddendum{{
		Add: index, Descriptor: v1.Descriptor{Annotations: map[string]string{"org.opencontainers.image.ref.name": r.version}},
	}}, bills...)...)
	if _, err := layout.Write(filepath.Join(output, "oci"), all); err != nil {
		return v1.Hash{}, err
	}
	return index.Digest()
}

// image puts the binary on the base.
func (r release) image(binary string, platform v1.Platform) (v1.Image, error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	base, err := layer(baseFiles(), r.created)
	if err != nil {
		return nil, err
	}
	program, err := layer([]file{{"hookplane", 0o755, content}}, r.created)
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), base, program)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = platform.OS, platform.Architecture, v1.Time{Time: r.created}
	config.Config = v1.Config{
		Entrypoint: []string{"/hookplane"}, User: user + ":" + user, WorkingDir: "/",
		Labels: map[string]string{"org.opencontainers.image.title": "hookplane", "org.opencontainers.image.version": r.version, "org.opencontainers.image.licenses": "Apache-2.0"},
	}
	return mutate.ConfigFile(image, config)
}

// bill writes the bill of materials of an image to a file, and returns it as an artifact that refers to the image.
func (r release) bill(info *debug.BuildInfo, image v1.Image, path string) (v1.Image, error) {
	digest, err := image.Digest()
	if err != nil {
		return nil, err
	}
	encoded, _ := json.MarshalIndent(spdx(info, r.version, digest, r.created), "", "  ") // of texts, which cannot fail
	if err := os.WriteFile(path, append(encoded, '\n'), 0o644); err != nil {             //nolint:gosec // everybody may read it
		return nil, err
	}
	size, err := image.Size()
	if err != nil {
		return nil, err
	}
	artifact, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), static.NewLayer(encoded, spdxMediaType))
	if err != nil {
		return nil, err
	}
	subject := v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: digest, Size: size}
	return mutate.Subject(mutate.ConfigMediaType(artifact, spdxMediaType), subject).(v1.Image), nil
}

// setting returns how the binary was built.
func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
