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
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// scrape returns the series of a controller that the server exposes, without buckets, and their values.
func scrape(t *testing.T, controller string) map[string]string {
	t.Helper()
	return scrapeLabel(t, "controller_name", controller)
}

// scrapeLabel returns the series with a label, without buckets.
func scrapeLabel(t *testing.T, label, value string) map[string]string {
	t.Helper()
	return scrapeSeries(t, func(series string) bool {
		return strings.Contains(series, fmt.Sprintf("%s=%q", label, value)) && !strings.Contains(series, "_bucket{")
	})
}

// scrapeSeries returns the values of the wanted series that /metrics answers.
func scrapeSeries(t *testing.T, wanted func(string) bool) map[string]string {
	t.Helper()
	values := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(scrapeAll(t, serverAddress(t))))
	for lines.Scan() {
		series, value, _ := strings.Cut(lines.Text(), "} ")
		if wanted(series) {
			values[series+"}"] = value
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

// scrapeAll returns what /metrics of a server answers.
func scrapeAll(t *testing.T, address string) string {
	t.Helper()
	config := rest.CopyConfig(env.config)
	config.Host, config.TLSClientConfig = address, rest.TLSClientConfig{
		Insecure: true, // the certificate is of the server's own making
		CertFile: config.CertFile, KeyFile: config.KeyFile, CertData: config.CertData, KeyData: config.KeyData,
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, config.Host+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("/metrics answered %s: %s (%v)", answer.Status, body, err)
	}
	return string(body)
}

// serverAddress returns where the server itself listens.
func serverAddress(t *testing.T) string {
	t.Helper()
	apiServices := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	registered, err := get(t.Context(), apiServices, "", "v1alpha1.metacontroller.k8s.io")
	if err != nil {
		t.Fatal(err)
	}
	port, found, err := unstructured.NestedInt64(registered.Object, "spec", "service", "port")
	if err != nil || !found {
		t.Fatalf("the APIService names no port: %v", err)
	}
	return fmt.Sprintf("https://127.0.0.1:%d", port)
}

// TestMetrics reads what a Prometheus would.
func TestMetrics(t *testing.T) {
	namespace, kind := newNamespace(t), newKind(t, "metered")
	hook := newHook(t, threeConfigMaps)
	newController(t, kind, hook)
	newParent(t, kind, namespace, "m", object{"value": "1"})
	settledOne(t, hook, "m", 2)

	ofHook := func(metric, labels string) string {
		return fmt.Sprintf(`metacontroller_sync_%s{%scontroller_name=%q,controller_type="CompositeController",`, metric, labels, kind.Resource)
	}
	ofController := func(metric string) string {
		return fmt.Sprintf(`hookplane_%s{controller_name=%q,controller_type="CompositeController"`, metric, kind.Resource)
	}
	want := map[string]string{
		ofHook("requests_total", `code="200",`) + fmt.Sprintf(`method="post",url=%q}`, hook.URL()):                "2",
		ofHook("request_duration_histogram_seconds_count", "") + fmt.Sprintf(`method="post",url=%q}`, hook.URL()): "2",
		ofHook("in_flight_requests", "") + fmt.Sprintf("url=%q}", hook.URL()):                                     "0",
		ofController("syncs_total") + `,result="success"}`:                                                        "2",
		ofController("sync_duration_seconds_count") + "}":                                                         "2",
		ofController("queue_depth") + "}":                                                                         "0",
		ofController("queue_wait_seconds_count") + "}":                                                            "2",
		ofController("writes_total") + `,operation="create"}`:                                                     "3",
		ofController("writes_total") + `,operation="status"}`:                                                     "1",
		ofController("controller_parents") + `,state="synced"}`:                                                   "1",
		ofController("controller_parents") + `,state="failing"}`:                                                  "0",
		ofController("controller_parents") + `,state="waiting"}`:                                                  "0",
		`hookplane_controller_condition{condition="Ready",` + strings.TrimPrefix(ofController("controller_condition"), "hookplane_controller_condition{") + `,reason="Running"}`: "1",
	}
	eventually(t, "the second sync is counted", func() error {
		got := scrape(t, kind.Resource)
		maps.DeleteFunc(got, func(series, _ string) bool { return strings.Contains(series, "_seconds_sum{") })
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("-want, +got:\n%s", diff)
		}
		return nil
	})

	moved := newHook(t, threeConfigMaps)
	updateController(t, kind.Resource, func(c *v1alpha1.CompositeController) { c.Spec.Hooks.Sync.Webhook.URL = moved.URL() })
	eventuallyCalled(t, moved, "m", 1)
	eventually(t, "the series of the old URL are gone", func() error { return noSeries(t, kind.Resource, hook.URL()) })

	if err := env.controllers.MetacontrollerV1alpha1().CompositeControllers().Delete(t.Context(), kind.Resource, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all series of the controller are gone", func() error { return noSeries(t, kind.Resource, "") })
}

// noSeries returns an error as long as a controller has series with the text.
func noSeries(t *testing.T, controller, text string) error {
	t.Helper()
	for _, series := range slices.Sorted(maps.Keys(scrape(t, controller))) {
		if strings.Contains(series, text) {
			return fmt.Errorf("there is %s", series)
		}
	}
	return nil
}
