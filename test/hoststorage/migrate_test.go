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
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/hookplane/hookplane/pkg/server"
	"github.com/hookplane/hookplane/registry/storage/embedded"
)

// withEtcd runs an embedded etcd on a folder while a function uses it.
func withEtcd(t *testing.T, dir string, use func(client *clientv3.Client)) {
	t.Helper()
	etcd, err := embedded.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd.Endpoint()}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	use(client)
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if err := etcd.Close(); err != nil {
		t.Error(err)
	}
}

// migrateCommand runs the command as a user does and returns what it prints.
func migrateCommand(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var stdout bytes.Buffer
	command := server.NewCommand()
	command.SetArgs(append([]string{"storage", "migrate", "--kubeconfig=" + env.controlPlane.Kubeconfig}, args...))
	command.SetOut(&stdout)
	err := command.ExecuteContext(t.Context())
	return stdout.String(), err
}

// TestMigrate moves what an embedded etcd has into the host cluster, and back into another etcd, which must then have
// the very same bytes.
func TestMigrate(t *testing.T) {
	const group = "/hookplane/metacontroller.k8s.io/"
	want := map[string]string{
		group + "compositecontrollers/a": `{"kind":"CompositeController","apiVersion":"metacontroller.k8s.io/v1alpha1","metadata":{"name":"a","uid":"u1","generation":3,` +
			`"creationTimestamp":"2026-01-01T00:00:00Z","deletionTimestamp":"2026-01-02T00:00:00Z","deletionGracePeriodSeconds":0,"finalizers":["example.com/hold"]},` +
			`"spec":{"parentResource":{"apiVersion":"v1","resource":"configmaps","ignoreStatusChanges":false},"hooks":{"sync":{"version":"v1",` +
			`"webhook":{"url":"http://example.com","timeout":"10s","responseUnMarshallMode":"loose"}}},"generateSelector":false},"status":{}}`,
		group + "controllerrevisions/ns/r": `{"kind":"ControllerRevision","apiVersion":"metacontroller.k8s.io/v1alpha1","metadata":{"name":"r","namespace":"ns","uid":"u2",` +
			`"creationTimestamp":"2026-01-01T00:00:00Z","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"p","uid":"u3"}]},"parentPatch":{"spec":{"x":1}}}`,
	}
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	withEtcd(t, first, func(client *clientv3.Client) {
		for key, value := range want {
			if _, err := client.Put(t.Context(), key, value+"\n"); err != nil {
				t.Fatal(err)
			}
		}
	})
	for _, step := range []struct{ from, to, dir, copied string }{
		{"embedded", "host", first, "1 copied, 0 there already"},
		{"embedded", "host", first, "0 copied, 1 there already"},
		{"host", "embedded", second, "1 copied, 0 there already"},
	} {
		got, err := migrateCommand(t, "--from="+step.from, "--to="+step.to, "--data-dir="+step.dir)
		if err != nil {
			t.Fatalf("from %s to %s: %v", step.from, step.to, err)
		}
		none := "0 copied, 0 there already"
		if diff := cmp.Diff(fmt.Sprintf("compositecontrollers: %s\ndecoratorcontrollers: %s\ninitializercontrollers: %s\ncontrollerrevisions: %s\n",
			step.copied, none, none, step.copied), got); diff != "" {
			t.Errorf("from %s to %s it prints (-want +got):\n%s", step.from, step.to, diff)
		}
	}
	got := map[string]string{}
	withEtcd(t, second, func(client *clientv3.Client) {
		response, err := client.Get(t.Context(), group, clientv3.WithPrefix())
		if err != nil {
			t.Fatal(err)
		}
		for _, kv := range response.Kvs {
			got[string(kv.Key)] = strings.TrimSpace(string(kv.Value))
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what came back differs (-want +got):\n%s", diff)
	}
	withEtcd(t, second, func(client *clientv3.Client) {
		key := group + "compositecontrollers/a"
		if _, err := client.Put(t.Context(), key, strings.Replace(want[key], "example.com/hold", "example.com/other", 1)); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := migrateCommand(t, "--from=embedded", "--to=host", "--data-dir="+second); err == nil || !strings.Contains(err.Error(), "another form") {
		t.Errorf("a host that has another form of an object gives %v", err)
	}
}
