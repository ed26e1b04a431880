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
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// panel is what a test looks at of a dashboard's panel.
type panel struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
	Type  string `json:"type"`
	// GridPos is where it is: 24 units are the whole width.
	GridPos struct{ H, W, X, Y int } `json:"gridPos"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}

type dashboard struct {
	UID        string  `json:"uid"`
	Title      string  `json:"title"`
	Panels     []panel `json:"panels"`
	Templating struct {
		List []struct {
			Name       string `json:"name"`
			Definition string `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
}

// labelValues is how a variable asks Prometheus for values.
var labelValues = regexp.MustCompile(`^label_values\((.*), ([a-z_]+)\)$`)

// TestDashboard parses every query of the dashboard and looks for its metrics and labels.
func TestDashboard(t *testing.T) {
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "artifacts", "dashboards", "hookplane.json")), &d); err != nil {
		t.Fatal(err)
	}
	metrics, known := documented(t), strings.NewReplacer("$__rate_interval", "5m")
	for _, variable := range d.Templating.List {
		match := labelValues.FindStringSubmatch(variable.Definition)
		if variable.Definition == "" {
			continue
		}
		if match == nil {
			t.Errorf("variable %s: %q is not label_values(SERIES, LABEL)", variable.Name, variable.Definition)
			continue
		}
		checkQuery(t, "variable "+variable.Name, "max by ("+match[2]+") ("+match[1]+")", metrics)
	}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q has the id of another, no title, or does not fit", p.ID, p.Title)
		}
		ids[p.ID] = true
		if (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("panel %q shows nothing, or is a row that does", p.Title)
		}
		for _, target := range p.Targets {
			checkQuery(t, "panel "+p.Title, known.Replace(target.Expr), metrics)
			checkVariables(t, p.Title, target.Expr, &d)
		}
	}
}

var variable = regexp.MustCompile(`\$([a-z_]+)`)

// checkVariables reports those that the dashboard does not have.
func checkVariables(t *testing.T, title, query string, d *dashboard) {
	t.Helper()
	known := map[string]bool{"__rate_interval": true}
	for _, v := range d.Templating.List {
		known[v.Name] = true
	}
	for _, match := range variable.FindAllStringSubmatch(query, -1) {
		if !known[match[1]] {
			t.Errorf("panel %s: there is no variable %s", title, match[1])
		}
	}
}
