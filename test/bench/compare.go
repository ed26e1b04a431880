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
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
)

// compareFiles prints what is different between two results.
func compareFiles(out io.Writer, files []string) error {
	if len(files) != 2 {
		return errors.New("-compare needs two result files: the older one, then the newer one")
	}
	before, err := readResult(files[0])
	if err != nil {
		return err
	}
	after, err := readResult(files[1])
	if err != nil {
		return err
	}
	compare(out, before, after)
	return nil
}

// compare prints each figure, and the CPU time and seconds of each phase, of both results and how they relate.
func compare(out io.Writer, before, after *Result) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "before\t%s\nafter\t%s\n\n", before.Machine, after.Machine)
	_ = table.Flush() // as fmt.Fprintf
	fmt.Fprintln(table, "what\tbefore\tafter\tafter/before\t")
	for _, f := range after.Figures {
		if known, found := before.figure(f.Name); found {
			compareLine(table, f.Name, known.Value, f.Value, f.Unit)
		}
	}
	for _, row := range after.Rows {
		for _, known := range before.Rows {
			if known.Scene == row.Scene && known.Phase == row.Phase {
				name := row.Scene + ", " + row.Phase
				compareLine(table, name+": time", known.Seconds, row.Seconds, " s")
				compareLine(table, name+": CPU", known.CPUSeconds, row.CPUSeconds, " s")
			}
		}
	}
	_ = table.Flush() // as fmt.Fprintf
}

func compareLine(out io.Writer, name string, before, after float64, unit string) {
	ratio := ""
	if before > 0 {
		ratio = fmt.Sprintf("%.2f", after/before)
	}
	fmt.Fprintf(out, "%s\t%.3g%s\t%.3g%s\t%s\t\n", name, before, unit, after, unit, ratio)
}
