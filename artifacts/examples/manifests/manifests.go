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

// Package manifests has the manifests of this folder, with what is to be
// expected of each, for the tests that hold the server to them. README.md
// describes the files.
package manifests

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

//go:embed invalid/*.yaml valid/*.yaml
var files embed.FS

// Manifest is one document of a file.
type Manifest struct {
	// File is the name of the file, and Index the number of the document in
	// it, from 0.
	File  string
	Index int
	metav1.PartialObjectMetadata
	// YAML is the document.
	YAML string
	// Errors are what it is refused with, Warnings what it is answered with.
	// One that ends in three dots is the beginning of the message. In
	// decoding.yaml, an error is a part of the message.
	Errors, Warnings []string
	// Stored is the document that is read back, as YAML.
	Stored string
}

// Valid returns the manifests that are accepted.
func Valid() ([]Manifest, error) { return read("valid") }

// Invalid returns the manifests that are refused.
func Invalid() ([]Manifest, error) { return read("invalid") }

func read(folder string) ([]Manifest, error) {
	names, err := fs.Glob(files, folder+"/*.yaml")
	if err != nil {
		return nil, err
	}
	var manifests []Manifest
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		inFile, err := parse(path.Base(name), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		manifests = append(manifests, inFile...)
	}
	return manifests, nil
}

// parse reads the documents of a file, of which the first is a comment.
func parse(file, text string) ([]Manifest, error) {
	var manifests []Manifest
	for i, document := range strings.Split(text, "\n---\n")[1:] {
		if strings.HasPrefix(document, "# stored:\n") {
			if len(manifests) == 0 {
				return nil, fmt.Errorf("document %d: there is none before it that could be stored as it", i)
			}
			manifests[len(manifests)-1].Stored = document
			continue
		}
		m := Manifest{File: file, Index: len(manifests), YAML: document, Stored: document}
		for line := range strings.Lines(document) {
			if text, found := strings.CutPrefix(line, "# error: "); found {
				m.Errors = append(m.Errors, strings.TrimSuffix(text, "\n"))
			}
			if text, found := strings.CutPrefix(line, "# warning: "); found {
				m.Warnings = append(m.Warnings, strings.TrimSuffix(text, "\n"))
			}
		}
		if err := yaml.Unmarshal([]byte(document), &m.PartialObjectMetadata); err != nil {
			return nil, fmt.Errorf("document %d: %w", i, err)
		}
		manifests = append(manifests, m)
	}
	return manifests, nil
}

// Undecodable tells whether the manifest is refused before it is an object.
func (m *Manifest) Undecodable() bool { return m.File == "decoding.yaml" }

// ID names the manifest in tests.
func (m *Manifest) ID() string {
	name := m.Name
	if name == "" {
		name = "unnamed"
	}
	return strings.TrimSuffix(m.File, ".yaml") + "/" + name
}

// Compare returns what is wrong with the messages that came instead of those
// that were expected; "" when nothing is.
func Compare(want, got []string) string {
	var problems strings.Builder
	unexpected := slices.Clone(got)
	for _, message := range want {
		i := slices.IndexFunc(unexpected, func(candidate string) bool {
			prefix, open := strings.CutSuffix(message, "...")
			return candidate == message || open && strings.HasPrefix(candidate, prefix)
		})
		if i < 0 {
			fmt.Fprintf(&problems, "missing:  %s\n", message)
			continue
		}
		unexpected = slices.Delete(unexpected, i, i+1)
	}
	for _, message := range unexpected {
		fmt.Fprintf(&problems, "unwanted: %s\n", message)
	}
	return problems.String()
}
