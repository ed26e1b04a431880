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
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	corefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregatorfake "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"
	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
)

const generous = 30 * time.Second

// fixture is a registrar on a fake cluster.
type fixture struct {
	*Registrar
	core       *corefake.Clientset
	aggregator *aggregatorfake.Clientset
}

func newFixture(apiServices []runtime.Object, coreObjects ...runtime.Object) *fixture {
	f := &fixture{core: corefake.NewClientset(coreObjects...), aggregator: aggregatorfake.NewClientset(apiServices...)}
	f.Registrar = &Registrar{
		Config: Config{
			GroupVersions: []schema.GroupVersion{{Group: "example.com", Version: "v1"}, {Group: "admission.example.com", Version: "v1"}},
			Service:       types.NamespacedName{Namespace: "system", Name: "server"},
			ExternalName:  "localhost", Port: 1234,
			CABundle: func() ([]byte, error) { return []byte("authority"), nil },
		},
		core: f.core, aggregator: f.aggregator, clock: clock.RealClock{},
		probe: func(context.Context) error { return nil },
	}
	return f
}

func apiService(spec apiregistrationv1.APIServiceSpec) *apiregistrationv1.APIService {
	return &apiregistrationv1.APIService{ObjectMeta: metav1.ObjectMeta{Name: "v1.example.com"}, Spec: spec}
}

func wantSpec() apiregistrationv1.APIServiceSpec {
	return apiregistrationv1.APIServiceSpec{
		Group: "example.com", Version: "v1", GroupPriorityMinimum: 1000, VersionPriority: 100, CABundle: []byte("authority"),
		Service: &apiregistrationv1.ServiceReference{Namespace: "system", Name: "server", Port: ptr.To[int32](1234)},
	}
}

func service(spec corev1.ServiceSpec) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "server"}, Spec: spec}
}

func (f *fixture) apiService(t *testing.T) *apiregistrationv1.APIService {
	t.Helper()
	s, err := f.aggregator.ApiregistrationV1().APIServices().Get(t.Context(), "v1.example.com", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRegistrarEnsureCreates(t *testing.T) {
	f := newFixture(nil)
	if err := f.ensure(t.Context()); err != nil {
		t.Fatalf("ensure: %v", err)
	}
	if diff := cmp.Diff(wantSpec(), f.apiService(t).Spec); diff != "" {
		t.Errorf("the APIService differs (-want +got):\n%s", diff)
	}
	if _, err := f.core.CoreV1().Namespaces().Get(t.Context(), "system", metav1.GetOptions{}); err != nil {
		t.Errorf("the namespace is missing: %v", err)
	}
	got, err := f.core.CoreV1().Services("system").Get(t.Context(), "server", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost", Ports: f.servicePorts()}
	if diff := cmp.Diff(want, got.Spec); diff != "" {
		t.Errorf("the Service differs (-want +got):\n%s", diff)
	}
}

func TestRegistrarEnsureWritesNothingTwice(t *testing.T) {
	f := newFixture(nil)
	for range 2 {
		f.core.ClearActions()
		f.aggregator.ClearActions()
		if err := f.ensure(t.Context()); err != nil {
			t.Fatalf("ensure: %v", err)
		}
	}
	for _, action := range append(f.core.Actions(), f.aggregator.Actions()...) {
		if action.GetVerb() != "get" {
			t.Errorf("the second ensure sends a %s of %s, want no write", action.GetVerb(), action.GetResource().Resource)
		}
	}
}

func TestRegistrarEnsureLeavesServiceAlone(t *testing.T) {
	f := newFixture(nil)
	f.ExternalName = ""
	if err := f.ensure(t.Context()); err != nil {
		t.Fatalf("ensure: %v", err)
	}
	if actions := f.core.Actions(); len(actions) > 0 {
		t.Errorf("ensure sends %v, want nothing: the Service is somebody else's", actions)
	}
	if got := *f.apiService(t).Spec.Service.Port; got != 443 {
		t.Errorf("the APIService names port %d, want 443", got)
	}
}

func TestRegistrarEnsureRepairs(t *testing.T) {
	stale := wantSpec()
	stale.CABundle, stale.Service.Port = []byte("of an earlier start"), ptr.To[int32](1)
	automanaged := apiService(stale)
	automanaged.Labels = map[string]string{automanagedLabel: "true", "kept": "yes"}
	f := newFixture([]runtime.Object{automanaged},
		service(corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "elsewhere"}))
	if err := f.ensure(t.Context()); err != nil {
		t.Fatalf("ensure: %v", err)
	}
	got := f.apiService(t)
	if diff := cmp.Diff(wantSpec(), got.Spec); diff != "" {
		t.Errorf("the APIService differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"kept": "yes"}, got.Labels); diff != "" {
		t.Errorf("the labels differ (-want +got):\n%s", diff)
	}
	s, err := f.core.CoreV1().Services("system").Get(t.Context(), "server", metav1.GetOptions{})
	if err != nil || !f.leadsHere(s) {
		t.Errorf("the Service leads to %q (%v), want localhost", s.Spec.ExternalName, err)
	}
}

func TestRegistrarCheck(t *testing.T) {
	other := wantSpec()
	other.Service = &apiregistrationv1.ServiceReference{Namespace: "other", Name: "server"}
	cases := map[string]struct {
		apiService *apiregistrationv1.APIService
		service    *corev1.Service
		takeOver   bool
		answers    bool   // somebody answers through the cluster
		want       string // part of the error; empty: none
	}{
		"Free":              {},
		"OursFromBefore":    {apiService: apiService(wantSpec()), service: service(corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName})},
		"AnotherAlive":      {apiService: apiService(wantSpec()), service: service(corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "elsewhere"}), answers: true, want: "is served by another hookplane (the Service system/server leads to elsewhere) already"},
		"AnotherTakenOver":  {apiService: apiService(wantSpec()), service: service(corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "elsewhere"}), answers: true, takeOver: true},
		"CRDs":              {apiService: apiService(apiregistrationv1.APIServiceSpec{}), want: "is served by CustomResourceDefinitions"},
		"OtherService":      {apiService: apiService(other), want: "is served by the Service other/server"},
		"CRDsTakenOver":     {apiService: apiService(apiregistrationv1.APIServiceSpec{}), takeOver: true},
		"ServiceOfAnything": {service: service(corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP}), takeOver: true, want: "the Service system/server exists and is of type ClusterIP"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var apiServices, coreObjects []runtime.Object
			if tc.apiService != nil {
				apiServices = append(apiServices, tc.apiService)
			}
			if tc.service != nil {
				coreObjects = append(coreObjects, tc.service)
			}
			f := newFixture(apiServices, coreObjects...)
			f.TakeOver = tc.takeOver
			f.probe = func(context.Context) error {
				if tc.answers {
					return nil
				}
				return errors.New("nobody answers")
			}
			err := f.Check(t.Context())
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("Check gives %v, want none", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("Check gives %v, want %q", err, tc.want)
			}
		})
	}
}

func TestRegistrarRemove(t *testing.T) {
	newer := wantSpec()
	newer.CABundle = []byte("of a server that started since")
	cases := map[string]struct {
		reason string
		change func(f *fixture, t *testing.T)
		gone   bool
	}{
		"Ours": {change: func(*fixture, *testing.T) {}, gone: true},
		"TakenOverSince": {
			reason: "another server registered while this one ended",
			change: func(f *fixture, t *testing.T) {
				if _, err := f.aggregator.ApiregistrationV1().APIServices().Update(t.Context(), apiService(newer), metav1.UpdateOptions{}); err != nil {
					t.Fatal(err)
				}
				taken := service(corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "elsewhere"})
				if _, err := f.core.CoreV1().Services("system").Update(t.Context(), taken, metav1.UpdateOptions{}); err != nil {
					t.Fatal(err)
				}
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(nil)
			if err := f.ensure(t.Context()); err != nil {
				t.Fatalf("ensure: %v", err)
			}
			tc.change(f, t)
			if err := f.Remove(t.Context()); err != nil {
				t.Fatalf("Remove: %v", err)
			}
			_, err := f.aggregator.ApiregistrationV1().APIServices().Get(t.Context(), "v1.example.com", metav1.GetOptions{})
			if got := apierrors.IsNotFound(err); got != tc.gone {
				t.Errorf("the APIService is gone: %v, want %v (%s)", got, tc.gone, tc.reason)
			}
			_, err = f.core.CoreV1().Services("system").Get(t.Context(), "server", metav1.GetOptions{})
			if got := apierrors.IsNotFound(err); got != tc.gone {
				t.Errorf("the Service is gone: %v, want %v (%s)", got, tc.gone, tc.reason)
			}
			if err := f.Remove(t.Context()); err != nil {
				t.Errorf("the second Remove gives %v, want nil", err)
			}
		})
	}
}

// TestRegistrarRun shows that a failure is tried again, that ready is told once and only when the API
// answers, and that what somebody changes is repaired.
func TestRegistrarRun(t *testing.T) {
	f := newFixture(nil)
	fake := testclock.NewFakeClock(time.Unix(0, 0))
	f.clock = fake
	failures := 2
	f.aggregator.PrependReactor("create", "apiservices", func(clienttesting.Action) (bool, runtime.Object, error) {
		failures--
		return failures >= 0, nil, errors.New("not now")
	})
	unready := 2
	f.probe = func(context.Context) error {
		if unready--; unready >= 0 {
			return errors.New("not yet")
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- f.Run(ctx, func() { close(ready) }) }()

	advanceUntil(t, fake, func() bool {
		select {
		case <-ready:
			return true
		default:
			return false
		}
	})
	broken := apiService(wantSpec())
	broken.Spec.CABundle = nil
	if _, err := f.aggregator.ApiregistrationV1().APIServices().Update(t.Context(), broken, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	advanceUntil(t, fake, func() bool { return len(f.apiService(t).Spec.CABundle) > 0 })

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run gives %v, want nil", err)
	}
}

// advanceUntil lets time pass whenever somebody waits for it, until the condition holds.
func advanceUntil(t *testing.T, fake *testclock.FakeClock, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(generous)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
		if fake.HasWaiters() {
			fake.Step(repairInterval)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestRegistrarLeavesInjectedAuthorities has cert-manager keep the authorities, because the registrar asks it to or others did.
func TestRegistrarLeavesInjectedAuthorities(t *testing.T) {
	for name, tc := range map[string]struct {
		injectCAFrom string
		annotations  map[string]string
	}{
		"Asked":       {injectCAFrom: "system/server"},
		"Certificate": {annotations: map[string]string{"cert-manager.io/inject-ca-from": "system/server"}},
		"Secret":      {annotations: map[string]string{"cert-manager.io/inject-ca-from-secret": "system/server"}},
		"APIServer":   {annotations: map[string]string{"cert-manager.io/inject-apiserver-ca": "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := wantSpec()
			spec.CABundle, spec.VersionPriority = []byte("injected"), 1
			existing := apiService(spec)
			existing.Annotations = tc.annotations
			f := newFixture([]runtime.Object{existing})
			f.InjectCAFrom = tc.injectCAFrom
			for range 2 {
				f.aggregator.ClearActions()
				if err := f.ensure(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for _, action := range f.aggregator.Actions() {
				if action.GetVerb() != "get" {
					t.Errorf("the second ensure sends a %s", action.GetVerb())
				}
			}
			got, want := f.apiService(t), wantSpec()
			want.CABundle = []byte("injected")
			if diff := cmp.Diff(want, got.Spec); diff != "" {
				t.Errorf("the APIService differs (-want +got):\n%s", diff)
			}
			if tc.injectCAFrom != "" && got.Annotations["cert-manager.io/inject-ca-from"] != tc.injectCAFrom {
				t.Errorf("the annotations are %v", got.Annotations)
			}
			if err := f.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := f.aggregator.ApiregistrationV1().APIServices().Get(t.Context(), "v1.example.com", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				t.Errorf("after Remove: %v", err)
			}
		})
	}
}
