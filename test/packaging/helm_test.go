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

package packaging

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	commonutil "helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

// update writes the expected rendering anew: go test . -update
var update = flag.Bool("update", false, "write testdata/helm/*.golden.yaml from what the chart renders")

// namespace is that of the release.
const namespace = "hookplane-system"

var chart = filepath.Join(artifacts, "helm", "hookplane")

// readValues reads a file of values; nil for those of the chart.
func readValues(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// template renders the chart as helm template does, one document for each object, without the roles: TestChartIsBase compares these.
func template(values map[string]any) (map[string]object, string, error) {
	loaded, err := loader.Load(chart)
	if err != nil {
		return nil, "", err
	}
	options := common.ReleaseOptions{Name: "hookplane", Namespace: namespace, Revision: 1, IsInstall: true}
	complete, err := commonutil.ToRenderValues(loaded, values, options, common.DefaultCapabilities)
	if err != nil {
		return nil, "", err
	}
	files, err := engine.Render(loaded, complete)
	if err != nil {
		return nil, "", err
	}
	objects := map[string]object{}
	var text bytes.Buffer
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if filepath.Ext(file) != ".yaml" {
			continue
		}
		for document := range strings.SplitSeq(files[file], "\n---\n") {
			var o object
			if err := yaml.Unmarshal([]byte(document), &o); err != nil {
				return nil, "", err
			}
			if len(o) == 0 {
				continue
			}
			objects[key(o)] = o
			if !strings.HasPrefix(o["apiVersion"].(string), "rbac.") {
				text.WriteString("---\n" + strings.TrimSpace(document) + "\n")
			}
		}
	}
	return objects, text.String(), nil
}

// TestChartRenders compares what the chart makes of each file of values with what is expected of it, and has helm lint look at it.
func TestChartRenders(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "helm", "*.values.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no values: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".values.yaml")
		t.Run(name, func(t *testing.T) {
			values := readValues(t, file)
			for _, message := range lint.RunAll(chart, values, namespace).Messages {
				if message.Severity >= support.WarningSev {
					t.Error(message)
				}
			}
			_, got, err := template(values)
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".values.yaml") + ".golden.yaml"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("if this is meant, run: go -C test/packaging test . -update\n-want, +got:\n%s", diff)
			}
		})
	}
}

// TestChartIsBase has the chart install what kustomize does: the base without values, and the overlay with two replicas.
func TestChartIsBase(t *testing.T) {
	for name, tc := range map[string]struct {
		folder []string
		values map[string]any
	}{
		"Base":             {[]string{"base"}, nil},
		"HighAvailability": {[]string{"overlays", "high-availability"}, map[string]any{"replicas": 2}},
	} {
		t.Run(name, func(t *testing.T) {
			want := kustomize(t, tc.folder...)
			delete(want, "Namespace/hookplane-system") // is helm's business
			got, _, err := template(tc.values)
			if err != nil {
				t.Fatal(err)
			}
			delete(at(got["Deployment/hookplane"], "spec", "template", "spec", "containers", 0).(object), "imagePullPolicy") // IfNotPresent is the default
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-kustomize, +helm:\n%s", diff)
			}
		})
	}
}

// TestChartRefuses has the schema name what is wrong with values.
func TestChartRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ values, want string }{
		"UnknownValue":       {"replica: 2", "replica"},
		"UnknownNestedValue": {"image: {repo: x}", "repo"},
		"WrongType":          {"replicas: two", "replicas"},
		"UnknownStorage":     {"storage: {kind: floppy}", "storage/kind"},
		"EtcdWithoutServers": {"storage: {kind: etcd}", "etcdServers"},
		"ServersWithoutEtcd": {"storage: {etcdServers: [https://etcd-0:2379]}", "etcdServers"},
		"Digest":             {"image: {digest: latest}", "image/digest"},
		"Argument":           {"extraArgs: [workers=3]", "extraArgs"},
	} {
		t.Run(name, func(t *testing.T) {
			values := map[string]any{}
			if err := yaml.Unmarshal([]byte(tc.values), &values); err != nil {
				t.Fatal(err)
			}
			_, _, err := template(values)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the chart says %v, want something about %s", err, tc.want)
			}
		})
	}
}
