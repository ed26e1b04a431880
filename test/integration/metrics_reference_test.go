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

package integration

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-base/metrics/testutil"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/test/cluster"
)

// documentedMetrics returns the metrics that the tables of docs/metrics.md name under the heading, as "type{labels}" by name.
func documentedMetrics(t *testing.T, heading string) map[string]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(cluster.Root(), "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/metrics.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		name, kind := strings.Trim(cells[1], " `"), strings.TrimSpace(cells[2])
		labels := strings.FieldsFunc(cells[3], func(r rune) bool { return strings.ContainsRune(" ,`", r) })
		slices.Sort(labels)
		for _, hook := range []string{"sync", "finalize", "customize", "init"} {
			documented[strings.Replace(name, "<hook>", hook, 1)] = kind + "{" + strings.Join(labels, ",") + "}"
		}
	}
	return documented
}

// exposedMetrics returns the metrics that a server exposes, in the same form.
func exposedMetrics(t *testing.T, address string) map[string]string {
	t.Helper()
	families, err := testutil.TextToMetricFamilies(strings.NewReader(scrapeAll(t, address)))
	if err != nil {
		t.Fatal(err)
	}
	exposed := map[string]string{}
	for name, family := range families {
		var labels []string
		for _, series := range family.GetMetric() {
			for _, label := range series.GetLabel() {
				labels = append(labels, label.GetName())
			}
		}
		slices.Sort(labels)
		exposed[name] = strings.ToLower(family.GetType().String()) + "{" + strings.Join(slices.Compact(labels), ",") + "}"
	}
	return exposed
}

// callEveryHook has a hook of each sort called by a name and over TLS, which is when every metric has a value.
func callEveryHook(t *testing.T) {
	t.Helper()
	namespace, kind, pair := newNamespace(t), newKind(t, "documented"), newKeyPair(t, "hook")
	config := &tls.Config{Certificates: []tls.Certificate{pair.Certificate}}
	createSecret(t, secret(namespace, "hook", map[string]string{"ca.crt": pair.certificate}))
	called := func(h *hookServer) *v1alpha1.Hook {
		return &v1alpha1.Hook{Webhook: &v1alpha1.Webhook{
			URL:      strings.Replace(h.URL(), "127.0.0.1", "localhost", 1),
			CABundle: &v1alpha1.CABundle{SecretRef: &v1alpha1.SecretKeyReference{Namespace: namespace, Name: "hook"}},
		}}
	}
	syncing, customizing := newTLSHook(t, config, threeConfigMaps), newTLSHook(t, config, nil)
	finalizing := newTLSHook(t, config, func(request) response { return response{Finalized: true} })
	customizing.answerAny(func(request) any { return object{} })
	newController(t, kind, syncing, func(c *v1alpha1.CompositeController) {
		c.Spec.Hooks = &v1alpha1.CompositeControllerHooks{Sync: called(syncing), Finalize: called(finalizing), Customize: called(customizing)}
	})
	newParent(t, kind, namespace, "p", object{"value": "1"})
	eventuallyHas(t, configMaps, namespace, "p-2", "1", "data", "value")
	if err := env.dynamic.Resource(kind.GroupVersionResource).Namespace(namespace).Delete(t.Context(), "p", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventuallyGone(t, kind.GroupVersionResource, namespace, "p")
	initializing := newTLSHook(t, config, nil)
	initializing.answerInit(addLabel("team", "a"))
	newInitializer(t, namespace, "documented", initializing, func(c *v1alpha1.InitializerController) { c.Spec.Hooks.Init = called(initializing) })
	eventuallyLabelled(t, namespace, "team", "a")
}

// TestMetricsReference compares docs/metrics.md with what the server exposes: all that is ours, and what alerts and dashboards
// use of others.
func TestMetricsReference(t *testing.T) {
	callEveryHook(t)
	eventually(t, "docs/metrics.md names the metrics that are exposed, and no others", func() error {
		ours := map[string]string{}
		exposed := exposedMetrics(t, serverAddress(t))
		for name, form := range exposed {
			if strings.HasPrefix(name, "hookplane_") || strings.HasPrefix(name, "metacontroller_") {
				ours[name] = form
			}
		}
		want := documentedMetrics(t, "Controllers and hooks")
		if diff := cmp.Diff(want, ours); diff != "" {
			return fmt.Errorf("-documented, +exposed:\n%s", diff)
		}
		return exposesAll(exposed, documentedMetrics(t, "Of every API server"))
	})
	if err := exposesAll(exposedMetrics(t, env.config.Host), documentedMetrics(t, "Of kube-apiserver")); err != nil {
		t.Errorf("kube-apiserver: %v", err)
	}
}

// exposesAll says which of the wanted metrics are not exposed as they are documented: there may be further labels.
func exposesAll(exposed, wanted map[string]string) error {
	for name, form := range wanted {
		kind, labels, _ := strings.Cut(strings.TrimSuffix(form, "}"), "{")
		gotKind, gotLabels, _ := strings.Cut(strings.TrimSuffix(exposed[name], "}"), "{")
		got := strings.Split(gotLabels, ",")
		missing := slices.DeleteFunc(strings.Split(labels, ","), func(label string) bool { return slices.Contains(got, label) })
		if kind != gotKind || len(missing) > 0 {
			return fmt.Errorf("%s is documented as %s, and exposed as %q", name, form, exposed[name])
		}
	}
	return nil
}
