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
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// evaluate returns how many series a query has when that much time has passed in a world.
func evaluate(t *testing.T, query, world string, after time.Duration) int {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	defer engine.Close()
	asked, err := engine.NewInstantQuery(t.Context(), worldOf(t, world), nil, query, time.UnixMilli(after.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	defer asked.Close()
	result := asked.Exec(t.Context())
	vector, err := result.Vector()
	if err != nil {
		t.Fatal(err)
	}
	return len(vector)
}

// worldOf returns what holds series, each with a value a minute.
func worldOf(t *testing.T, world string) storage.Queryable {
	t.Helper()
	var all []storage.Series
	for line := range strings.Lines(world) {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		its, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		var samples []chunks.Sample
		for i, value := range values {
			if !value.Omitted {
				samples = append(samples, sample{at: int64(i) * time.Minute.Milliseconds(), value: value.Value})
			}
		}
		all = append(all, storage.NewListSeries(its, samples))
	}
	return &storage.MockQueryable{MockQuerier: &storage.MockQuerier{
		SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
			return selected(all, matchers)
		},
	}}
}

// selected are the series that match.
func selected(all []storage.Series, matchers []*labels.Matcher) storage.SeriesSet {
	set := &series{}
	for _, s := range all {
		matches := true
		for _, matcher := range matchers {
			matches = matches && matcher.Matches(s.Labels().Get(matcher.Name))
		}
		if matches {
			set.left = append(set.left, s)
		}
	}
	return set
}

// series are what is left of a set.
type series struct {
	current storage.Series
	left    []storage.Series
}

func (s *series) Next() bool {
	if len(s.left) == 0 {
		return false
	}
	s.current, s.left = s.left[0], s.left[1:]
	return true
}

func (s *series) At() storage.Series { return s.current }

func (s *series) Err() error { return nil }

func (s *series) Warnings() annotations.Annotations { return nil }
