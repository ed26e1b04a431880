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
)

func set(replicas int) string {
	return fmt.Sprintf(`{"metadata": {"name": "s"}, "spec": {"replicas": %d, "template": {
		"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "a", "image": "busybox"}]}}}}`, replicas)
}

func observe(t *testing.T, replicas int, pods map[string]string) request {
	t.Helper()
	var observed request
	if err := json.Unmarshal([]byte(`{"parent": `+set(replicas)+`}`), &observed); err != nil {
		t.Fatal(err)
	}
	observed.Children.Pods = map[string]observedPod{}
	for name, state := range pods {
		var pod observedPod
		switch state {
		case "ready", "unready":
			pod.Status.Conditions = []condition{{Type: "Other", Status: "False"}, {Type: "Ready", Status: map[string]string{"ready": "True", "unready": "False"}[state]}}
		case "going":
			pod.Metadata.DeletionTimestamp = "2026-01-01T00:00:00Z"
			pod.Status.Conditions = []condition{{Type: "Ready", Status: "True"}}
		}
		observed.Children.Pods[name] = pod
	}
	return observed
}

func TestSync(t *testing.T) {
	tests := map[string]struct {
		replicas int
		pods     map[string]string
		want     string // the Pods in the order of the answer
		status   status
	}{
		"New":           {replicas: 3, want: "s-0"},
		"FirstStarts":   {replicas: 3, pods: map[string]string{"s-0": "unready"}, want: "s-0", status: status{Replicas: 1}},
		"FirstIsReady":  {replicas: 3, pods: map[string]string{"s-0": "ready"}, want: "s-1 s-0", status: status{1, 1}},
		"All":           {replicas: 2, pods: map[string]string{"s-0": "ready", "s-1": "ready"}, want: "s-1 s-0", status: status{2, 2}},
		"UpdateGoesOn":  {replicas: 3, pods: map[string]string{"s-0": "ready", "s-1": "ready"}, want: "s-2 s-1 s-0", status: status{2, 2}},
		"MiddleIsLost":  {replicas: 3, pods: map[string]string{"s-0": "ready", "s-2": "ready"}, want: "s-2 s-1 s-0", status: status{2, 2}},
		"LowerUnready":  {replicas: 3, pods: map[string]string{"s-0": "unready", "s-2": "ready"}, want: "s-2 s-0", status: status{2, 1}},
		"Going":         {replicas: 2, pods: map[string]string{"s-0": "going"}, want: "s-0", status: status{Replicas: 1}},
		"TooMany":       {replicas: 1, pods: map[string]string{"s-0": "ready", "s-1": "ready", "s-2": "ready"}, want: "s-1 s-0", status: status{3, 3}},
		"TooManyGoing":  {replicas: 1, pods: map[string]string{"s-0": "ready", "s-1": "ready", "s-2": "going"}, want: "s-1 s-0", status: status{3, 2}},
		"OneTooMany":    {replicas: 1, pods: map[string]string{"s-0": "ready", "s-1": "ready"}, want: "s-0", status: status{2, 2}},
		"None":          {replicas: 0, pods: map[string]string{"s-0": "ready"}, want: "", status: status{1, 1}},
		"WithoutStatus": {replicas: 1, pods: map[string]string{"s-0": ""}, want: "s-0", status: status{Replicas: 1}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			answer, err := sync(observe(t, tc.replicas, tc.pods))
			if err != nil {
				t.Fatal(err)
			}
			var pods []string
			for _, child := range answer.Children {
				if child.Kind == "Pod" {
					pods = append(pods, child.Metadata.Name)
				}
			}
			if got := strings.Join(pods, " "); got != tc.want {
				t.Errorf("Pods: want %q, got %q", tc.want, got)
			}
			if diff := cmp.Diff(tc.status, answer.Status); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSyncObjects(t *testing.T) {
	answer, err := sync(observe(t, 1, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []object{
		{
			APIVersion: "v1", Kind: "Pod", Metadata: metadata{Name: "s-0", Labels: map[string]string{"app": "x", "petset": "s"}},
			Spec: map[string]any{
				"containers": []any{map[string]any{"name": "a", "image": "busybox"}}, "hostname": "s-0", "subdomain": "s",
			},
		},
		{
			APIVersion: "v1", Kind: "Service", Metadata: metadata{Name: "s"},
			Spec: map[string]any{"clusterIP": "None", "selector": map[string]string{"petset": "s"}, "publishNotReadyAddresses": true},
		},
	}
	if diff := cmp.Diff(want, answer.Children); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}
}
