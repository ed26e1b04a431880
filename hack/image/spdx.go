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
	"runtime/debug"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// spdxMediaType is that of a bill of materials as SPDX has it in JSON.
const spdxMediaType = "application/spdx+json"

// The parts of SPDX 2.3 that are used, https://spdx.github.io/spdx-spec/v2.3.
type (
	spdxDocument struct {
		SPDXVersion       string             `json:"spdxVersion"`
		DataLicense       string             `json:"dataLicense"`
		SPDXID            string             `json:"SPDXID"`
		Name              string             `json:"name"`
		DocumentNamespace string             `json:"documentNamespace"`
		CreationInfo      spdxCreation       `json:"creationInfo"`
		Packages          []spdxPackage      `json:"packages"`
		Relationships     []spdxRelationship `json:"relationships"`
	}
	spdxCreation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	spdxPackage struct {
		SPDXID           string          `json:"SPDXID"`
		Name             string          `json:"name"`
		VersionInfo      string          `json:"versionInfo"`
		DownloadLocation string          `json:"downloadLocation"`
		FilesAnalyzed    bool            `json:"filesAnalyzed"`
		LicenseConcluded string          `json:"licenseConcluded"`
		LicenseDeclared  string          `json:"licenseDeclared"`
		CopyrightText    string          `json:"copyrightText"`
		Comment          string          `json:"comment,omitempty"`
		ExternalRefs     []spdxReference `json:"externalRefs,omitempty"`
	}
	spdxReference struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	spdxRelationship struct {
		Element string `json:"spdxElementId"`
		Type    string `json:"relationshipType"`
		Related string `json:"relatedSpdxElement"`
	}
)

const (
	noAssertion = "NOASSERTION"
	program     = "SPDXRef-hookplane"
)

// spdx returns the bill of materials of an image: its program, and what the go command linked into that.
func spdx(info *debug.BuildInfo, version string, image v1.Hash, created time.Time) spdxDocument {
	document := spdxDocument{
		SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", Name: "hookplane " + version,
		// Unique, as the format demands, and the same for the same image.
		DocumentNamespace: "https://" + info.Main.Path + "/spdx/" + image.Hex,
		CreationInfo:      spdxCreation{Created: created.Format(time.RFC3339), Creators: []string{"Organization: The Hookplane Authors", "Tool: hookplane-hack-image"}},
		Relationships:     []spdxRelationship{{"SPDXRef-DOCUMENT", "DESCRIBES", program}},
	}
	main := goModule(program, info.Main.Path, version)
	main.LicenseConcluded, main.LicenseDeclared = "Apache-2.0", "Apache-2.0"
	document.Packages = append(document.Packages, main)
	contained := make([]spdxPackage, 0, 1+len(info.Deps))
	contained = append(contained, goModule("SPDXRef-go", "std", strings.TrimPrefix(info.GoVersion, "go")))
	for _, dependency := range info.Deps {
		module := dependency
		if module.Replace != nil {
			module = module.Replace
		}
		p := goModule("SPDXRef-module-"+identifier(module.Path), module.Path, module.Version)
		p.Comment = module.Sum // of the go command, over all files
		contained = append(contained, p)
	}
	for _, p := range contained {
		document.Packages = append(document.Packages, p)
		document.Relationships = append(document.Relationships, spdxRelationship{program, "CONTAINS", p.SPDXID})
	}
	return document
}

func goModule(id, path, version string) spdxPackage {
	return spdxPackage{
		SPDXID: id, Name: path, VersionInfo: version, DownloadLocation: noAssertion,
		LicenseConcluded: noAssertion, LicenseDeclared: noAssertion, CopyrightText: noAssertion,
		ExternalRefs: []spdxReference{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + path + "@" + version}},
	}
}

// identifier has the characters that an SPDX identifier may have.
func identifier(path string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.':
			return r
		}
		return '-'
	}, path)
}
