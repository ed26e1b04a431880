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

package registration

import (
	"context"
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/initialization/initializationtest"
)

const generous = 30 * time.Second

func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(generous); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("waited in vain until %s", what)
}

// TestKeeperRun follows the life of the configuration: it comes with the first initializer, is repaired, and goes with the
// last one.
func TestKeeperRun(t *testing.T) {
	registry, controllers, err := initializationtest.NewRegistry(t.Context(), hooks, initializer("a"))
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	apiService := &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apiregistration.k8s.io/v1", Kind: "APIService"},
		ObjectMeta: metav1.ObjectMeta{Name: apiServiceName, UID: "1"},
	}
	host := fake.NewClientset()
	refusals := 1
	host.PrependReactor("create", "mutatingwebhookconfigurations", func(clienttesting.Action) (bool, runtime.Object, error) {
		refusals--
		return refusals >= 0, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "mutatingwebhookconfigurations"}, Name, errors.New("no"))
	})
	k := NewKeeper(Config{
		Host: host, Metadata: metadatafake.NewSimpleMetadataClient(scheme, apiService),
		Registry: registry, OwnNamespace: "own", Clock: clock.RealClock{},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()

	eventually(t, "the refusal is told", func() bool {
		_, err := k.Registered()
		return apierrors.IsForbidden(err)
	})
	client := host.AdmissionregistrationV1().MutatingWebhookConfigurations()
	names := func() []string {
		configuration, err := client.Get(t.Context(), Name, metav1.GetOptions{})
		if err != nil {
			return nil
		}
		names := make([]string, 0, len(configuration.Webhooks))
		for _, webhook := range configuration.Webhooks {
			names = append(names, webhook.Name)
		}
		return names
	}
	eventually(t, "pods are asked for", func() bool { got := names(); return len(got) == 1 && got[0] == podsWebhook })
	eventually(t, "that is told", func() bool {
		registered, err := k.Registered()
		return err == nil && registered != nil && registered.Find("a.example.com") != nil
	})

	if err := client.Delete(t.Context(), Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the configuration is back", func() bool { return len(names()) == 1 })

	if err := controllers.MetacontrollerV1alpha1().InitializerControllers().Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the configuration is gone", func() bool {
		_, err := client.Get(t.Context(), Name, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run gives %v, want nil", err)
	}
}
