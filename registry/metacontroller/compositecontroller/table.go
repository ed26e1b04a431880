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

package compositecontroller

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metatable "k8s.io/apimachinery/pkg/api/meta/table"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// columns are what `kubectl get` prints; those of priority 1 with -o wide only.
var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: "Name of the controller."},
	{Name: "Parent", Type: "string", Description: "Resource type of the parents."},
	{Name: "Ready", Type: "string", Description: "Status of the condition Ready."},
	{Name: "Reason", Type: "string", Description: "Reason of the condition Ready."},
	{Name: "Parents", Type: "integer", Description: "Number of parents that the controller selects."},
	{Name: "Synced", Type: "integer", Description: "Number of parents whose last sync succeeded."},
	{Name: "Failing", Type: "integer", Description: "Number of parents whose last sync failed."},
	{Name: "Age", Type: "string", Description: "Time since the controller was created."},
	{Name: "Children", Type: "string", Priority: 1, Description: "Resource types of the children."},
	{Name: "Hook", Type: "string", Priority: 1, Description: "Where the sync hook is called."},
}

// tableConvertor prints CompositeControllers.
type tableConvertor struct{}

// ConvertToTable prints a controller or a list of them.
func (tableConvertor) ConvertToTable(_ context.Context, object, tableOptions runtime.Object) (*metav1.Table, error) {
	rows, err := metatable.MetaToTableRow(object, row)
	if err != nil {
		return nil, fmt.Errorf("cannot print compositecontrollers: %w", err)
	}
	table := &metav1.Table{Rows: rows}
	if options, ok := tableOptions.(*metav1.TableOptions); !ok || !options.NoHeaders {
		table.ColumnDefinitions = columns
	}
	if list, err := meta.ListAccessor(object); err == nil {
		table.ResourceVersion = list.GetResourceVersion()
		table.Continue = list.GetContinue()
		table.RemainingItemCount = list.GetRemainingItemCount()
	} else if single, err := meta.CommonAccessor(object); err == nil {
		table.ResourceVersion = single.GetResourceVersion()
	}
	return table, nil
}

func row(object runtime.Object, _ metav1.Object, name, age string) ([]any, error) {
	controller, ok := object.(*metacontroller.CompositeController)
	if !ok {
		return nil, fmt.Errorf("unexpected type %T", object)
	}
	ready := metav1.Condition{Status: metav1.ConditionUnknown}
	if found := meta.FindStatusCondition(controller.Status.Conditions, "Ready"); found != nil {
		ready = *found
	}
	parents := ptr.Deref(controller.Status.Parents, metacontroller.ParentsStatus{})
	spec := &controller.Spec
	return []any{
		name,
		qualified(spec.ParentResource.APIVersion, spec.ParentResource.Resource),
		string(ready.Status),
		ready.Reason,
		int64(parents.Total),
		int64(parents.Synced),
		int64(parents.Failing),
		age,
		children(spec.ChildResources),
		syncHook(spec.Hooks),
	}, nil
}

// qualified prints a resource type as kubectl accepts it: pods,
// deployments.apps.
func qualified(apiVersion, resource string) string {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return resource
	}
	return gv.WithResource(resource).GroupResource().String()
}

func children(rules []metacontroller.ChildResourceRule) string {
	names := make([]string, 0, len(rules))
	for _, rule := range rules {
		names = append(names, qualified(rule.APIVersion, rule.Resource))
	}
	return orNone(strings.Join(names, ","))
}

func syncHook(hooks *metacontroller.CompositeControllerHooks) string {
	if hooks == nil || hooks.Sync == nil || hooks.Sync.Webhook == nil {
		return orNone("")
	}
	webhook := hooks.Sync.Webhook
	if service := webhook.Service; service != nil {
		port := ptr.Deref(service.Port, metacontroller.DefaultServicePort)
		return fmt.Sprintf("%s://%s.%s:%d%s", service.Protocol, service.Name, service.Namespace, port, webhook.Path)
	}
	return webhook.URL
}

func orNone(text string) string {
	if text == "" {
		return "<none>"
	}
	return text
}
