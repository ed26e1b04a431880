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
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestResultWorseThan(t *testing.T) {
	reference := &Result{Figures: []Figure{
		{Name: "cpu", Value: 1.2, Unit: "×", Goal: 1.3, Ratio: true},
		{Name: "memory", Value: 3, Unit: " kB"},
	}}
	for name, tc := range map[string]struct {
		figure Figure
		want   []string
	}{
		"Same":          {figure: Figure{Name: "cpu", Value: 1.2, Goal: 1.3, Ratio: true}},
		"WithinNoise":   {figure: Figure{Name: "cpu", Value: 1.59, Goal: 1.3, Ratio: true}},
		"MuchWorse":     {figure: Figure{Name: "cpu", Value: 1.7, Unit: "×", Goal: 1.3, Ratio: true}, want: []string{"cpu is 1.7×, more than a third worse than 1.2×"}},
		"GoalStillMet":  {figure: Figure{Name: "cpu", Value: 1.7, Goal: 2, Ratio: true}},
		"OfThisMachine": {figure: Figure{Name: "memory", Value: 9}},
		"New":           {figure: Figure{Name: "disk", Value: 9, Ratio: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got := (&Result{Figures: []Figure{tc.figure}}).worseThan(reference)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("worseThan(...): -want, +got:\n%s", diff)
			}
		})
	}
}

func TestResultBetter(t *testing.T) {
	first := &Result{Figures: []Figure{{Name: "a", Value: 1}, {Name: "b", Value: 4}}}
	second := &Result{Figures: []Figure{{Name: "a", Value: 2}, {Name: "b", Value: 3}}}
	want := []Figure{{Name: "a", Value: 1}, {Name: "b", Value: 3}}
	if diff := cmp.Diff(want, second.better(first).Figures); diff != "" {
		t.Errorf("better(...): -want, +got:\n%s", diff)
	}
}

func TestResultFailure(t *testing.T) {
	r := &Result{Counts: []Count{{Name: "calls", Got: 3, Want: 3}}}
	if err := r.failure(); err != nil {
		t.Errorf("failure() of a good result: %v", err)
	}
	r.Counts = append(r.Counts, Count{Name: "writes", Got: 5, Want: 4})
	if err := r.failure(); err == nil || !strings.Contains(err.Error(), "writes: 5, want exactly 4") {
		t.Errorf("failure() of a wrong count: %v", err)
	}
}

func TestNewestResult(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"2026-01-02-small", "2026-01-03-full", "2025-12-31-small"} {
		if err := (&Result{Size: name}).write(filepath.Join(dir, name+".json")); err != nil {
			t.Fatal(err)
		}
	}
	got, err := newestResult(dir, "small")
	if err != nil {
		t.Fatal(err)
	}
	if want := "2026-01-02-small"; got.Size != want {
		t.Errorf("newestResult(small) is %s, want %s", got.Size, want)
	}
	if _, err := newestResult(dir, "huge"); err == nil {
		t.Error("newestResult(huge) found one")
	}
}

func TestLatenciesAt(t *testing.T) {
	l := make(latencies, 100)
	for i := range l {
		l[i] = time.Duration(i)
	}
	if got := []time.Duration{l.at(0.5), l.at(0.99), l.at(1)}; !cmp.Equal(got, []time.Duration{50, 99, 99}) {
		t.Errorf("at(0.5), at(0.99), at(1) are %v", got)
	}
}
