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
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository.
const root = "../.."

// read returns a file of the repository.
func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// documented returns the labels of each metric that docs/metrics.md names.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	metrics := map[string][]string{}
	for line := range strings.Lines(read(t, "docs", "metrics.md")) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		name := strings.Trim(cells[1], " `")
		labels := strings.FieldsFunc(cells[3], func(r rune) bool { return strings.ContainsRune(" ,`", r) })
		for _, hook := range []string{"sync", "finalize", "customize", "init"} {
			full := strings.Replace(name, "<hook>", hook, 1)
			metrics[full] = labels
			if strings.TrimSpace(cells[2]) == "histogram" {
				metrics[full+"_bucket"], metrics[full+"_count"], metrics[full+"_sum"] = append([]string{"le"}, labels...), labels, labels
			}
		}
	}
	if len(metrics) < 20 {
		t.Fatalf("docs/metrics.md names %d metrics only", len(metrics))
	}
	return metrics
}

var (
	notInAnchors = regexp.MustCompile(`[^a-z0-9 _-]`)
	heading      = regexp.MustCompile(`(?m)^#+ +(.*)$`)
)

// anchors returns those of a page's headings, as GitHub makes them.
func anchors(page string) map[string]bool {
	all := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(page, -1) {
		all[strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	return all
}
