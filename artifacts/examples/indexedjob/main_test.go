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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// job returns an IndexedJob named j.
func job(completions, parallelism int) string {
	return fmt.Sprintf(`{"metadata": {"name": "j", "namespace": "default"}, "spec": {
		"completions": %d, "parallelism": %d, "selector": {"matchLabels": {"app": "j"}},
		"template": {
			"metadata": {"labels": {"app": "j"}, "annotations": {"note": "kept"}},
			"spec": {"terminationGracePeriodSeconds": 3000000000, "containers": [{"name": "a", "image": "busybox", "env": [{"name": "X", "value": "y"}]}, {"name": "b", "image": "busybox"}]}}}}`,
		completions, parallelism)
}

func TestSync(t *testing.T) {
	tests := map[string]struct {
		completions, parallelism int
		phases                   map[string]string // of the Pods that exist
		wantPods                 []string
		want                     status
	}{
		"New": {
			completions: 3, parallelism: 2,
			wantPods: []string{"j-0", "j-1"},
			want:     status{Desired: 3},
		},
		"Running": {
			completions: 3, parallelism: 2,
			phases:   map[string]string{"j-0": "Running", "j-1": "Pending"},
			wantPods: []string{"j-0", "j-1"},
			want:     status{Desired: 3, Active: 2},
		},
		"WithoutPhase": {
			completions: 1, parallelism: 1,
			phases:   map[string]string{"j-0": ""},
			wantPods: []string{"j-0"},
			want:     status{Desired: 1, Active: 1},
		},
		"SucceededStaysAndMakesRoom": {
			completions: 3, parallelism: 2,
			phases:   map[string]string{"j-0": "Succeeded", "j-1": "Running"},
			wantPods: []string{"j-0", "j-1", "j-2"},
			want:     status{Desired: 3, Active: 1, Succeeded: 1},
		},
		"FailedIsLeftOutAndKeepsItsRoom": {
			completions: 3, parallelism: 2,
			phases:   map[string]string{"j-0": "Failed", "j-1": "Running"},
			wantPods: []string{"j-1"},
			want:     status{Desired: 3, Active: 1, Failed: 1},
		},
		"FailedIsReplacedWhenGone": {
			completions: 2, parallelism: 2,
			phases:   map[string]string{"j-1": "Running"},
			wantPods: []string{"j-0", "j-1"},
			want:     status{Desired: 2, Active: 1},
		},
		"RunningGoesBeforeNew": {
			completions: 3, parallelism: 1,
			phases:   map[string]string{"j-2": "Running"},
			wantPods: []string{"j-2"},
			want:     status{Desired: 3, Active: 1},
		},
		"ParallelismLowered": {
			completions: 3, parallelism: 1,
			phases:   map[string]string{"j-0": "Running", "j-1": "Running", "j-2": "Running"},
			wantPods: []string{"j-0"},
			want:     status{Desired: 3, Active: 3},
		},
		"Suspended": {
			completions: 2, parallelism: 0,
			phases:   map[string]string{"j-0": "Succeeded"},
			wantPods: []string{"j-0"},
			want:     status{Desired: 2, Succeeded: 1},
		},
		"CompletionsLowered": {
			completions: 1, parallelism: 2,
			phases:   map[string]string{"j-0": "Running", "j-1": "Running"},
			wantPods: []string{"j-0"},
			want:     status{Desired: 1, Active: 1},
		},
		"Complete": {
			completions: 2, parallelism: 2,
			phases:   map[string]string{"j-0": "Succeeded", "j-1": "Succeeded"},
			wantPods: []string{"j-0", "j-1"},
			want:     status{Desired: 2, Succeeded: 2, Conditions: []condition{{Type: "Complete", Status: "True"}}},
		},
		"NothingToDo": {
			completions: 0, parallelism: 1,
			want: status{Conditions: []condition{{Type: "Complete", Status: "True"}}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := answer(t, job(tc.completions, tc.parallelism), tc.phases)
			if diff := cmp.Diff(tc.want, got.Status); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			var pods []string
			for _, pod := range got.Children {
				pods = append(pods, pod.Metadata.Name)
			}
			if diff := cmp.Diff(tc.wantPods, pods); diff != "" {
				t.Errorf("Pods (-want +got):\n%s", diff)
			}
		})
	}
}

// A Pod stays the same through its whole life, and from call to call.
func TestSyncPods(t *testing.T) {
	want := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"j-0","labels":{"app":"j"},"annotations":{"index":"0","note":"kept"}},"spec":{` +
		`"containers":[{"env":[{"name":"X","value":"y"},{"name":"JOB_INDEX","value":"0"}],"image":"busybox","name":"a"},{"env":[{"name":"JOB_INDEX","value":"0"}],"image":"busybox","name":"b"}],` +
		`"restartPolicy":"Never","terminationGracePeriodSeconds":3000000000}}`
	for _, phase := range []string{"Pending", "Running", "Succeeded"} {
		got := answer(t, job(3, 3), map[string]string{"j-0": phase, "j-2": "Running"})
		raw, err := json.Marshal(got.Children[0])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(raw)); diff != "" {
			t.Errorf("Pod while %s (-want +got):\n%s", phase, diff)
		}
		if problems, err := kjson.UnmarshalStrict(raw, &corev1.Pod{}); err != nil || len(problems) > 0 {
			t.Errorf("the API server would refuse the Pod: %v %v", err, problems)
		}
	}
}

func TestSyncKeepsRestartPolicy(t *testing.T) {
	parent := strings.Replace(job(1, 1), `"containers"`, `"restartPolicy": "OnFailure", "containers"`, 1)
	if diff := cmp.Diff(any("OnFailure"), answer(t, parent, nil).Children[0].Spec["restartPolicy"]); diff != "" {
		t.Errorf("restartPolicy (-want +got):\n%s", diff)
	}
}

func TestSyncRefusesJobWithoutTemplate(t *testing.T) {
	if _, err := sync(request{}); err == nil || !strings.Contains(err.Error(), "spec.template.spec is missing") {
		t.Errorf("sync() error = %v, want one that names spec.template.spec", err)
	}
}

// answer returns what the hook answers for a job and its Pods in these phases: the same every time.
func answer(t *testing.T, parent string, phases map[string]string) response {
	t.Helper()
	pods := map[string]any{}
	for name, phase := range phases {
		pods[name] = map[string]any{"metadata": map[string]any{"name": name}, "status": map[string]any{"phase": phase}}
	}
	children, err := json.Marshal(map[string]any{"Pod.v1": pods})
	if err != nil {
		t.Fatal(err)
	}
	var observed request
	if err := json.Unmarshal([]byte(`{"parent": `+parent+`, "children": `+string(children)+`, "related": {}, "finalizing": false}`), &observed); err != nil {
		t.Fatal(err)
	}
	first, err := sync(observed)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sync(observed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("two answers to one request (-first +second):\n%s", diff)
	}
	return first
}
