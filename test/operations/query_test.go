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
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// ofPrometheus are series and labels that Prometheus adds to what it scrapes.
var (
	ofPrometheus       = map[string][]string{"up": nil}
	ofPrometheusLabels = []string{model.MetricNameLabel, "job", "instance"}
)

// checkQuery reports each metric and label of a query that nobody exposes.
func checkQuery(t *testing.T, where, query string, metrics map[string][]string) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	for _, problem := range problems(expr, metrics) {
		t.Errorf("%s: %s in %s", where, problem, query)
	}
}

func problems(expr parser.Expr, metrics map[string][]string) []string {
	var found []string
	known := slices.Clone(ofPrometheusLabels) // labels of any metric in the query
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		its, exposed := metrics[selector.Name]
		if !exposed {
			if its, exposed = ofPrometheus[selector.Name]; !exposed {
				found = append(found, fmt.Sprintf("docs/metrics.md does not name the metric %q", selector.Name))
			}
		}
		known = append(known, its...)
		for _, matcher := range selector.LabelMatchers {
			if !slices.Contains(its, matcher.Name) && !slices.Contains(ofPrometheusLabels, matcher.Name) {
				found = append(found, fmt.Sprintf("%s has no label %q", selector.Name, matcher.Name))
			}
		}
		return nil
	})
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if aggregate, ok := node.(*parser.AggregateExpr); ok {
			for _, label := range aggregate.Grouping {
				if !slices.Contains(known, label) {
					found = append(found, fmt.Sprintf("no metric has the label %q to group by", label))
				}
			}
		}
		return nil
	})
	return found
}

// TestCheckQuery makes sure that the check of all others can fail.
func TestCheckQuery(t *testing.T) {
	metrics := map[string][]string{"a": {"x"}, "b_bucket": {"le", "x"}}
	for query, want := range map[string]int{
		`sum by (x) (rate(a{x="1",job="j"}[5m]))`:                   0,
		`histogram_quantile(0.9, sum by (le) (rate(b_bucket[5m])))`: 0,
		`c > 0`:            1,
		`a{y="1"}`:         1,
		`sum by (y) (a)`:   1,
		`max by (y) (c{})`: 2,
	} {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := problems(expr, metrics); len(got) != want {
			t.Errorf("%s: %q, want %d", query, got, want)
		}
	}
}
