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

package operations

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// testLink is a link to a test, in markdown.
var testLink = regexp.MustCompile(`\[((?:Test|Fuzz)[A-Za-z0-9_]+)\]\(([^)#]+)\)`)

// testName is a test that is named without a link.
var testName = regexp.MustCompile("`(?:Test|Fuzz)[A-Z][A-Za-z0-9_]+`")

// TestClaimsAreTested looks for the test of each claim of the pages about security.
func TestClaimsAreTested(t *testing.T) {
	for _, page := range []string{"SECURITY.md", "docs/security.md"} {
		text := read(t, page)
		links := testLink.FindAllStringSubmatch(text, -1)
		if len(links) < 20 {
			t.Errorf("%s has %d links to tests only", page, len(links))
		}
		for _, link := range links {
			file := path.Join(path.Dir(page), link[2])
			if !strings.Contains(read(t, file), "\nfunc "+link[1]+"(") {
				t.Errorf("%s: %s has no test %s", page, file, link[1])
			}
		}
		for _, name := range testName.FindAllString(text, -1) {
			t.Errorf("%s: %s is named without a link", page, name)
		}
		for _, claim := range untested(text) {
			t.Errorf("%s: no test is linked to the claim %s", page, claim)
		}
	}
}

// untested returns the rows without a test, of tables whose last column is for it.
func untested(text string) []string {
	var rows []string
	inTable := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case strings.HasSuffix(line, "| test |") || strings.HasSuffix(line, "| tested |"):
			inTable = true
		case inTable && !strings.HasPrefix(line, "|---") && !testLink.MatchString(line):
			rows = append(rows, line)
		}
	}
	return rows
}
