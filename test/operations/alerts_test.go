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
	"log/slog"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// runbooks is where an alert's runbook_url leads.
const runbooks = "https://github.com/hookplane/hookplane/blob/main/docs/runbooks.md#"

// alerts returns all alerts by name.
func alerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.Parse([]byte(read(t, "artifacts", "alerts", "hookplane.yaml")), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.Default())
	for _, err := range errs {
		t.Error(err)
	}
	if len(errs) > 0 {
		t.FailNow()
	}
	all := map[string]rulefmt.Rule{}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			all[rule.Alert] = rule
		}
	}
	return all
}

// TestAlerts reads the rules as Prometheus does, and looks for what they refer to.
func TestAlerts(t *testing.T) {
	metrics, sections := documented(t), anchors(read(t, "docs", "runbooks.md"))
	for name, rule := range alerts(t) {
		if name == "" {
			t.Errorf("there is a rule that is no alert: %s", rule.Expr)
		}
		checkQuery(t, name, rule.Expr, metrics)
		if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("%s: its severity is %q", name, severity)
		}
		for _, annotation := range []string{"summary", "description"} {
			if rule.Annotations[annotation] == "" {
				t.Errorf("%s has no annotation %s", name, annotation)
			}
		}
		section, found := strings.CutPrefix(rule.Annotations["runbook_url"], runbooks)
		if !found || section != strings.ToLower(name) || !sections[section] {
			t.Errorf("%s: %s does not lead to its section of docs/runbooks.md", name, rule.Annotations["runbook_url"])
		}
	}
}

// TestRunbooksOfAlerts looks for sections about alerts that there are none of.
func TestRunbooksOfAlerts(t *testing.T) {
	all := alerts(t)
	_, section, _ := strings.Cut(read(t, "docs", "runbooks.md"), "\n## Alerts\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, match := range heading.FindAllStringSubmatch(section, -1) {
		if _, exists := all[match[1]]; !exists {
			t.Errorf("docs/runbooks.md has a section about the alert %s, which there is none of", match[1])
		}
	}
}

// TestAlertsFire has each alert see a world in which it must fire and one in which it must not, in
// testdata/alerts/<alert>.txt: series in Prometheus' notation, a value a minute, and the moment is the end of the hour.
func TestAlertsFire(t *testing.T) {
	files := map[string]bool{}
	for name, rule := range alerts(t) {
		file := path.Join("testdata", "alerts", name+".txt")
		files[file] = true
		t.Run(name, func(t *testing.T) {
			fires, quiet, found := strings.Cut(read(t, "test", "operations", file), "\nquiet\n")
			fires, begins := strings.CutPrefix(fires, "fires\n")
			if !found || !begins {
				t.Fatalf("%s has no parts `fires` and `quiet`", file)
			}
			if got := evaluate(t, rule.Expr, fires, time.Hour); got == 0 {
				t.Error("it does not fire")
			}
			if got := evaluate(t, rule.Expr, quiet, time.Hour); got != 0 {
				t.Errorf("it fires %d times when all is well", got)
			}
		})
	}
}
