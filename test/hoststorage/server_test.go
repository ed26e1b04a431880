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

package hoststorage

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hookplane/hookplane/registry/storage/host"
	"github.com/hookplane/hookplane/test/cluster"
)

var compositeControllers = schema.GroupVersionResource{Group: "metacontroller.k8s.io", Version: "v1alpha1", Resource: "compositecontrollers"}

// TestServer runs hookplane with nothing of its own: what it is told survives it, and an outage of its host.
func TestServer(t *testing.T) {
	dir := t.TempDir()
	binary, err := cluster.BuildHookplane(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	options := cluster.HookplaneOptions{
		Binary: binary, Kubeconfig: env.controlPlane.Kubeconfig, Dir: dir,
		Flags: []string{"--data-dir=", "--storage=host", "--keep-apiservice=false"},
	}
	hookplane, err := cluster.StartHookplane(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := hookplane.Stop(); err != nil {
			t.Error(err)
		}
	}()

	client := env.dynamic.Resource(compositeControllers)
	created, err := client.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "CompositeController", "metadata": map[string]any{"name": "stored"},
		"spec": map[string]any{
			"parentResource": map[string]any{"apiVersion": "v1", "resource": "configmaps"}, "generateSelector": true,
			"hooks": map[string]any{"sync": map[string]any{"webhook": map[string]any{"url": "http://127.0.0.1:1/"}}},
		},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the controllers have seen it, and reported", func() error {
		got, err := client.Get(t.Context(), "stored", metav1.GetOptions{})
		if err != nil {
			return err
		}
		conditions, _, err := unstructured.NestedSlice(got.Object, "status", "conditions")
		if err == nil && len(conditions) == 0 {
			err = errors.New("there is no condition")
		}
		return err
	})
	record, err := env.dynamic.Resource(host.GroupVersion.WithResource(compositeControllers.Resource)).Get(t.Context(), "stored", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if key := record.Object["key"]; key != "stored" {
		t.Errorf("the record says that it is of %v", key)
	}

	if err := hookplane.Kill(); err != nil {
		t.Fatal(err)
	}
	if hookplane, err = cluster.StartHookplane(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	got, err := client.Get(t.Context(), "stored", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.GetUID() != created.GetUID() {
		t.Errorf("after the server was killed the UID is %s, want %s", got.GetUID(), created.GetUID())
	}

	if err := env.controlPlane.KillAPIServer(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it can be changed after the outage", func() error {
		_, err := client.Patch(t.Context(), "stored", types.MergePatchType, []byte(`{"metadata":{"labels":{"changed":"true"}}}`), metav1.PatchOptions{})
		return err
	})
	eventually(t, "it is deleted", func() error {
		if err := client.Delete(t.Context(), "stored", metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
			return errors.Join(errors.New("it is still there"), err)
		}
		return nil
	})
}
