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

import "fmt"

// tolerance is by how much a ratio may be worse than in the result that a run is checked against.
const tolerance = 4.0 / 3

// Figure is what a scene says of Hookplane in one number, of which less is better.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Goal is what the value should not exceed; 0 for none.
	Goal float64 `json:"goal,omitempty"`
	// Ratio says that the value is much the same on another machine, and so can be checked against a result of another one.
	Ratio bool `json:"ratio,omitempty"`
}

// Count is a number that is right or wrong.
type Count struct {
	Name string `json:"name"`
	Got  int    `json:"got"`
	Want int    `json:"want"`
}

// figure adds a figure of the scene.
func (b *bench) figure(f Figure) {
	f.Name = b.scene + ": " + f.Name
	b.result.Figures = append(b.result.Figures, f)
}

// count adds a count of the scene.
func (b *bench) count(name string, got, want int) {
	b.result.Counts = append(b.result.Counts, Count{Name: b.scene + ": " + name, Got: got, Want: want})
}

// worse says how a figure is too much worse than another one; "" when it is not.
func (f Figure) worse(reference Figure) string {
	if !f.Ratio || f.Value <= reference.Value*tolerance || f.Value <= f.Goal {
		return ""
	}
	return fmt.Sprintf("%s is %.3g%s, more than a third worse than %.3g%s", f.Name, f.Value, f.Unit, reference.Value, f.Unit)
}
