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
	"fmt"
	"io"
	"text/tabwriter"
)

// print prints the result as tables.
func (r *Result) print(out io.Writer) {
	fmt.Fprintf(out, "%s\n\n", r.Machine)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "scene\tphase\tseconds\tcalls\tkB sent\twrites\treads\tCPU s\tresident MB\tanonymous\tpeak\t")
	for _, row := range r.Rows {
		fmt.Fprintf(table, "%s\t%s\t%.2f\t%d\t%d\t%d\t%d\t%.2f\t%.1f\t%.1f\t%.1f\t\n", row.Scene, row.Phase, row.Seconds,
			row.HookCalls, row.HookBytes/1000, row.Writes, row.Reads, row.CPUSeconds,
			megabytes(row.ResidentBytes), megabytes(row.AnonymousBytes), megabytes(row.PeakBytes))
	}
	_ = table.Flush() // as fmt.Fprintf
	fmt.Fprintln(out)
	table = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tvalue\tgoal\t")
	for _, f := range r.Figures {
		goal, verdict := "", ""
		if f.Goal > 0 {
			goal, verdict = fmt.Sprintf("≤ %.3g%s", f.Goal, f.Unit), "met"
			if f.Value > f.Goal {
				verdict = "MISSED"
			}
		}
		fmt.Fprintf(table, "%s\t%.3g%s\t%s\t%s\n", f.Name, f.Value, f.Unit, goal, verdict)
	}
	for _, c := range r.Counts {
		verdict := "met"
		if c.Got != c.Want {
			verdict = "WRONG"
		}
		fmt.Fprintf(table, "%s\t%d\t= %d\t%s\n", c.Name, c.Got, c.Want, verdict)
	}
	_ = table.Flush() // as fmt.Fprintf
}

func megabytes(bytes int) float64 { return float64(bytes) / 1e6 }
