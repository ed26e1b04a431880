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

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/hookplane/hookplane/test/controlplane/internal/supervise"
)

func TestFreePort(t *testing.T) {
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if port < firstPort || port > lastPort {
		t.Errorf("got port %d, want one from %d to %d", port, firstPort, lastPort)
	}
	listener, err := net.Listen("tcp", address(port))
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRunOnFreePort(t *testing.T) {
	const taken = "bind: address already in use"
	for name, tc := range map[string]struct {
		complaints []string // what each start writes before it ends; the one after them succeeds
		wantStarts int
		wantErr    string
	}{
		"Free":        {nil, 1, ""},
		"TakenTwice":  {[]string{taken, taken}, 3, ""},
		"AlwaysTaken": {[]string{taken, taken, taken, taken, taken}, startAttempts, taken},
		"OtherError":  {[]string{"unknown flag"}, 1, "unknown flag"},
	} {
		t.Run(name, func(t *testing.T) {
			starts := 0
			c := newCluster(t)
			err := c.runOnFreePort(t.Context(), func(port int) (supervise.Component, error) {
				script := "exec sleep 1000"
				if starts < len(tc.complaints) {
					script = fmt.Sprintf("echo '%s'; exit 1", tc.complaints[starts])
				}
				starts++
				return shell(c, script, starts > len(tc.complaints)), nil
			})
			if starts != tc.wantStarts {
				t.Errorf("got %d starts, want %d", starts, tc.wantStarts)
			}
			if got := fmt.Sprint(err); tc.wantErr == "" && err != nil || !strings.Contains(got, tc.wantErr) {
				t.Errorf("got error %v, want %q", err, tc.wantErr)
			}
		})
	}
}

func newCluster(t *testing.T) *Cluster {
	t.Helper()
	f, err := openFolder("")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{config: Config{Messages: t.Output()}, folder: f}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// shell returns a component that is a shell script, ready at once or never.
func shell(c *Cluster, script string, ready bool) supervise.Component {
	component := component(c.folder, "/bin", "sh")
	component.Args = []string{"-c", script}
	component.Ready = func(context.Context) error {
		if !ready {
			return errors.New("not ready")
		}
		return nil
	}
	return component
}
