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
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func deployment(image string) string {
	return fmt.Sprintf(`{"metadata": {"name": "d"}, "spec": {"replicas": 2, "port": 80, "template": {
		"metadata": {"labels": {"app": "x"}, "annotations": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": %q}]}}}}`, image)
}

func observe(t *testing.T, image string) request {
	t.Helper()
	var observed request
	if err := json.Unmarshal([]byte(`{"parent": `+deployment(image)+`}`), &observed); err != nil {
		t.Fatal(err)
	}
	observed.Children.ReplicaSets, observed.Children.Services = map[string]replicaSet{}, map[string]service{}
	return observed
}

// color is what a test knows of a ReplicaSet.
type color struct {
	image    string
	replicas int // that it should have
	pods     int
	ready    int
}

// TestSync shows the hook two ReplicaSets and the active color, and looks at what it makes of them.
func TestSync(t *testing.T) {
	tests := map[string]struct {
		active      string
		blue, green *color
		want        map[string]color // replicas and image alone
		status      status
	}{
		"New": {
			want:   map[string]color{"d-blue": {image: "two", replicas: 2}, "d-green": {image: "two"}},
			status: status{Active: blue, Progress: "Serving"},
		},
		"Settled": {
			active: green, blue: &color{image: "one"}, green: &color{"two", 2, 2, 2},
			want:   map[string]color{"d-blue": {image: "one"}, "d-green": {image: "two", replicas: 2}},
			status: status{green, "Serving", 2},
		},
		"Changed": {
			active: blue, blue: &color{"one", 2, 2, 2}, green: &color{image: "zero"},
			want:   map[string]color{"d-blue": {image: "one", replicas: 2}, "d-green": {image: "two", replicas: 2}},
			status: status{blue, "Preparing", 2},
		},
		"NotReady": {
			active: blue, blue: &color{"one", 2, 2, 2}, green: &color{"two", 2, 2, 1},
			want:   map[string]color{"d-blue": {image: "one", replicas: 2}, "d-green": {image: "two", replicas: 2}},
			status: status{blue, "Preparing", 2},
		},
		"Ready": {
			active: blue, blue: &color{"one", 2, 2, 2}, green: &color{"two", 2, 2, 2},
			want:   map[string]color{"d-blue": {image: "one", replicas: 2}, "d-green": {image: "two", replicas: 2}},
			status: status{green, "Switching", 2},
		},
		"Switched": {
			active: green, blue: &color{"one", 2, 2, 2}, green: &color{"two", 2, 2, 2},
			want:   map[string]color{"d-blue": {image: "one"}, "d-green": {image: "two", replicas: 2}},
			status: status{green, "Serving", 2},
		},
		"ChangeOfMind": {
			active: blue, blue: &color{"one", 2, 2, 2}, green: &color{"broken", 2, 2, 0},
			want:   map[string]color{"d-blue": {image: "one", replicas: 2}, "d-green": {image: "broken"}},
			status: status{blue, "Draining", 2},
		},
		"Back": {
			active: blue, blue: &color{"two", 2, 2, 2}, green: &color{"broken", 2, 2, 0},
			want:   map[string]color{"d-blue": {image: "two", replicas: 2}, "d-green": {image: "broken"}},
			status: status{blue, "Serving", 2},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			observed := observe(t, "two")
			if tc.active != "" {
				observed.Children.Services["d"] = newService("d", tc.active, 80)
			}
			for name, c := range map[string]*color{blue: tc.blue, green: tc.green} {
				if c != nil {
					r := newReplicaSet("d", name, observe(t, c.image).Parent.Spec.Template, c.replicas)
					r.Metadata.Generation = 3
					r.Status = replicaSetStatus{ObservedGeneration: 3, Replicas: c.pods, ReadyReplicas: c.ready}
					observed.Children.ReplicaSets["d-"+name] = r
				}
			}
			answer, err := sync(observed)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.status, answer.Status); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			got := map[string]color{}
			for _, child := range answer.Children {
				switch child := child.(type) {
				case replicaSet:
					containers := child.Spec.Template["spec"].(map[string]any)["containers"].([]any)
					got[child.Metadata.Name] = color{image: fmt.Sprint(containers[0].(map[string]any)["image"]), replicas: child.Spec.Replicas}
				case service:
					if selected := child.Spec.Selector[colorLabel]; selected != tc.status.Active {
						t.Errorf("the Service selects %s, want %s", selected, tc.status.Active)
					}
				}
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(color{})); diff != "" {
				t.Errorf("ReplicaSets (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNewReplicaSet looks at one ReplicaSet whole.
func TestNewReplicaSet(t *testing.T) {
	template := observe(t, "one").Parent.Spec.Template
	text, err := json.Marshal(newReplicaSet("d", blue, template, 2))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"d-blue","annotations":{"bluegreen.example.com/template":"` + hash(template) + `"}},` +
		`"spec":{"replicas":2,"selector":{"matchLabels":{"bluegreen":"d","color":"blue"}},"template":{` +
		`"metadata":{"annotations":{"a":"b"},"labels":{"app":"x","bluegreen":"d","color":"blue"}},"spec":{"containers":[{"image":"one","name":"a"}]}}}}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("ReplicaSet (-want +got):\n%s", diff)
	}
	if hash(template) != hash(observe(t, "one").Parent.Spec.Template) {
		t.Error("making a ReplicaSet has changed the template")
	}
	bare := newReplicaSet("d", blue, map[string]any{}, 1)
	if diff := cmp.Diff(map[string]any{"metadata": map[string]any{"labels": map[string]any{"bluegreen": "d", "color": "blue"}}}, bare.Spec.Template); diff != "" {
		t.Errorf("template without metadata (-want +got):\n%s", diff)
	}
}
