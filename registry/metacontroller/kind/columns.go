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

package kind

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// The columns that the kinds share.
var (
	NameColumn    = metav1.TableColumnDefinition{Name: "Name", Type: "string", Format: "name", Description: "Name of the controller."}
	ReadyColumn   = metav1.TableColumnDefinition{Name: "Ready", Type: "string", Description: "Status of the condition Ready."}
	ReasonColumn  = metav1.TableColumnDefinition{Name: "Reason", Type: "string", Description: "Reason of the condition Ready."}
	ParentsColumn = metav1.TableColumnDefinition{Name: "Parents", Type: "integer", Description: "Number of objects that the controller selects."}
	SyncedColumn  = metav1.TableColumnDefinition{Name: "Synced", Type: "integer", Description: "Number of those whose last sync succeeded."}
	FailingColumn = metav1.TableColumnDefinition{Name: "Failing", Type: "integer", Description: "Number of those whose last sync failed."}
	AgeColumn     = metav1.TableColumnDefinition{Name: "Age", Type: "string", Description: "Time since the controller was created."}
)

// none stands where there is nothing to print, as kubectl writes it.
const none = "<none>"

// Ready returns the cells under ReadyColumn and ReasonColumn.
func Ready(conditions []metav1.Condition) (status, reason string) {
	if ready := meta.FindStatusCondition(conditions, "Ready"); ready != nil {
		return string(ready.Status), ready.Reason
	}
	return string(metav1.ConditionUnknown), ""
}

// Parents returns the cells under ParentsColumn, SyncedColumn and
// FailingColumn.
func Parents(status *metacontroller.ParentsStatus) (total, synced, failing int64) {
	parents := ptr.Deref(status, metacontroller.ParentsStatus{})
	return int64(parents.Total), int64(parents.Synced), int64(parents.Failing)
}

// Resource prints a resource type as kubectl accepts it: pods,
// deployments.apps.
func Resource(apiVersion, resource string) string {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return resource
	}
	return gv.WithResource(resource).GroupResource().String()
}

// Resources prints the resource types of rules, each type once.
func Resources[T any](rules []T, resource func(*T) (apiVersion, resource string)) string {
	var names []string
	seen := map[string]bool{}
	for i := range rules {
		if name := Resource(resource(&rules[i])); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return orNone(strings.Join(names, ","))
}

// Hook prints where a hook is called. The hook may be nil.
func Hook(hook *metacontroller.Hook) string {
	if hook == nil || hook.Webhook == nil {
		return none
	}
	webhook := hook.Webhook
	if service := webhook.Service; service != nil && webhook.URL == "" {
		port := ptr.Deref(service.Port, metacontroller.DefaultServicePort)
		return fmt.Sprintf("%s://%s.%s:%d%s", service.Protocol, service.Name, service.Namespace, port, webhook.Path)
	}
	return orNone(webhook.URL)
}

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}
