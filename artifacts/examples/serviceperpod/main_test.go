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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/hookplane/hookplane/apis/hook"
)

func decode(t *testing.T, request string) *hook.DecoratorRequest {
	t.Helper()
	observed := &hook.DecoratorRequest{}
	if err := json.Unmarshal([]byte(request), observed); err != nil {
		t.Fatal(err)
	}
	return observed
}

const set = `{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "annotations": {"examples.hookplane.dev/service-per-pod": "PORTS"}}, "spec": {"replicas": 2}}`

func withPorts(ports string) string {
	quoted, _ := json.Marshal(ports) // a string always marshals
	return strings.Replace(set, `"PORTS"`, string(quoted), 1)
}

func TestSync(t *testing.T) {
	answer, err := sync(decode(t, `{"object": `+withPorts(`[{"port":5432}]`)+`}`))
	if err != nil {
		t.Fatal(err)
	}
	selected := map[string]string{}
	for _, raw := range answer.Attachments {
		var service corev1.Service
		if err := json.Unmarshal(raw, &service); err != nil {
			t.Fatal(err)
		}
		selected[service.Name] = service.Spec.Selector["statefulset.kubernetes.io/pod-name"]
		if len(service.Spec.Ports) != 1 || service.Spec.Ports[0].Port != 5432 {
			t.Errorf("ports of %s = %v", service.Name, service.Spec.Ports)
		}
	}
	if diff := cmp.Diff(map[string]string{"db-0": "db-0", "db-1": "db-1"}, selected); diff != "" {
		t.Errorf("Services and the Pods that they select (-want +got):\n%s", diff)
	}
	if count := answer.Annotations[portsAnnotation+"-count"]; count == nil || *count != "2" {
		t.Errorf("annotations = %v, want the count", answer.Annotations)
	}
}

func TestFinalize(t *testing.T) {
	for services, want := range map[string]bool{`{}`: true, `{"db-0": {"kind": "Service"}}`: false} {
		answer, err := sync(decode(t, `{"object": `+set+`, "attachments": {"Service.v1": `+services+`}, "finalizing": true}`))
		if err != nil || answer.Finalized != want || len(answer.Attachments) > 0 {
			t.Errorf("sync() while finalizing with %s = %+v, %v, want finalized %t and no attachments", services, answer, err, want)
		}
	}
}

func TestSyncRefuses(t *testing.T) {
	for request, want := range map[string]string{
		`{}`:                      "the request has no object",
		`{"object": ` + set + `}`: "is not a list of ports",
		`{"object": {"kind": "StatefulSet", "spec": "text"}}`: "cannot restore struct",
	} {
		if _, err := sync(decode(t, request)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("sync(%s) = %v, want an error with %q", request, err, want)
		}
	}
}
