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
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/hookplane/hookplane/test/cluster"
)

const ownNamespace = "hookplane-system"

// replicaUsers may do everything in the host cluster.
var replicaUsers = []string{"replica-a", "replica-b", "replica-c", "replica-d"}

// replicas are servers that keep their objects in the host cluster, behind one Service, in place of the environment's server.
type replicas struct {
	t        *testing.T
	balancer *balancer
	flags    []string

	mu  sync.Mutex
	all []*replica
}

// newReplicas ends the environment's server until the test ends. Replicas are started with flags.
func newReplicas(t *testing.T, flags ...string) *replicas {
	t.Helper()
	if err := env.server.Stop(); err != nil {
		t.Fatal(err)
	}
	r := &replicas{t: t, balancer: newBalancer(t), flags: flags}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	probing := make(chan struct{})
	go func() {
		defer close(probing)
		r.probe(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-probing
		r.kill()
		ctx := context.WithoutCancel(t.Context())
		forgetHostStorage(ctx)
		for _, group := range []string{"metacontroller.k8s.io", "admission.metacontroller.k8s.io"} {
			_ = env.dynamic.Resource(apiServices).Delete(ctx, "v1alpha1."+group, metav1.DeleteOptions{})
		}
		_ = env.kubernetes.CoreV1().Services(ownNamespace).Delete(ctx, "hookplane", metav1.DeleteOptions{})
		server, err := cluster.StartHookplane(ctx, env.options)
		if err != nil {
			t.Error(err)
			return
		}
		env.server = server
	})
	r.register()
	for _, user := range replicaUsers { // for as long as what a test makes is there
		author{t, user}.grant(
			rbacv1.PolicyRule{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
			rbacv1.PolicyRule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
		)
	}
	return r
}

// forgetHostStorage removes all that was kept in the host cluster.
func forgetHostStorage(ctx context.Context) {
	for _, resource := range []string{"compositecontrollers", "decoratorcontrollers", "initializercontrollers", "controllerrevisions"} {
		_ = deleteCRD(ctx, resource+".storage.hookplane.dev") // there may be none
	}
}

// probe has the balancer lead to the replicas that are ready, as a cluster does.
func (r *replicas) probe(ctx context.Context) {
	for {
		r.mu.Lock()
		all := slices.Clone(r.all)
		r.mu.Unlock()
		r.balancer.lead(slices.DeleteFunc(all, func(one *replica) bool { return one.ready() != nil }))
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// kill ends what is left of them.
func (r *replicas) kill() {
	for _, one := range r.all {
		one.signal(syscall.SIGKILL)
		<-one.exited
		if r.t.Failed() {
			r.t.Logf("the log of %s ends with:\n%s", one.user, one.log.end())
		}
	}
}

// register leads the host cluster to the balancer, as the manifests of a cluster lead it to a Service.
func (r *replicas) register() {
	r.t.Helper()
	_, err := env.kubernetes.CoreV1().Services(ownNamespace).Create(r.t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "hookplane"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, group := range []string{"metacontroller.k8s.io", "admission.metacontroller.k8s.io"} {
		_, err := env.dynamic.Resource(apiServices).Create(r.t.Context(), &unstructured.Unstructured{Object: object{
			"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": object{"name": "v1alpha1." + group},
			"spec": object{
				"group": group, "version": "v1alpha1", "groupPriorityMinimum": int64(1000), "versionPriority": int64(100), "insecureSkipTLSVerify": true,
				"service": object{"namespace": ownNamespace, "name": "hookplane", "port": int64(r.balancer.port)},
			},
		}}, metav1.CreateOptions{})
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// replica is one of them.
type replica struct {
	t       *testing.T
	user    string
	address string
	command *exec.Cmd
	log     *lockedBuffer
	exited  chan struct{}
}

// start starts a replica that is a user in the host cluster, and returns when requests are led to it.
func (r *replicas) start(user string, flags ...string) *replica {
	r.t.Helper()
	started := &replica{t: r.t, user: user, address: freeAddress(r.t), log: &lockedBuffer{}, exited: make(chan struct{})}
	_, port, _ := net.SplitHostPort(started.address)
	started.command = exec.Command(env.options.Binary, append([]string{
		"--kubeconfig=" + impersonating(r.t, user), "--storage=host", "--bind-address=127.0.0.1", "--secure-port=" + port,
		"--hook-service-resolution=api", "--hook-allowed-cidrs=127.0.0.0/8,::1/128", "--v=4",
	}, append(slices.Clone(r.flags), flags...)...)...)
	started.command.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	started.command.Stdout, started.command.Stderr = started.log, started.log
	if err := started.command.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func() {
		defer close(started.exited)
		_ = started.command.Wait() // how it ended is in its state
	}()
	r.mu.Lock()
	r.all = append(r.all, started)
	r.mu.Unlock()
	eventually(r.t, user+" is ready, and requests are led to it", func() error {
		if !r.balancer.leads(started) {
			return errors.New("no")
		}
		return nil
	})
	return started
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// ready is the readiness probe.
func (r *replica) ready() error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	answer, err := client.Get("https://" + r.address + "/readyz")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// signal sends a signal, if the replica has not ended.
func (r *replica) signal(signal syscall.Signal) { _ = r.command.Process.Signal(signal) }

// stop ends the replica as a cluster does.
func (r *replica) stop() {
	r.t.Helper()
	r.signal(syscall.SIGTERM)
	<-r.exited
	if !r.command.ProcessState.Success() {
		r.t.Errorf("%s does not end cleanly: %s", r.user, r.command.ProcessState)
	}
}

// holder returns who holds the Lease.
func holder(t *testing.T) (string, error) {
	t.Helper()
	lease, err := env.kubernetes.CoordinationV1().Leases(ownNamespace).Get(t.Context(), "hookplane", metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil {
		return "", err
	}
	return *lease.Spec.HolderIdentity, nil
}

// eventuallyLedBy waits until a replica has said that it leads, and returns its identity in the Lease.
func eventuallyLedBy(t *testing.T, r *replica) string {
	t.Helper()
	var identity string
	eventually(t, r.user+" leads", func() error {
		var err error
		if identity, err = holder(t); err != nil {
			return err
		}
		if identity == "" || !strings.Contains(r.log.String(), fmt.Sprintf("leader=%q thisReplica=true", identity)) {
			return fmt.Errorf("%q does", identity)
		}
		return nil
	})
	return identity
}

// lockedBuffer keeps what a process prints.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) end() string {
	lines := strings.Split(b.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// balancer passes connections on, as kube-proxy does: each stays where it is, new ones go to those that are ready.
type balancer struct {
	port int

	mu      sync.Mutex
	targets []string
	next    int
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{port: listener.Addr().(*net.TCPAddr).Port}
	var group sync.WaitGroup
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	group.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { b.pass(ctx, connection) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		group.Wait()
	})
	return b
}

// lead has new connections go to these replicas.
func (b *balancer) lead(to []*replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets = nil
	for _, r := range to {
		b.targets = append(b.targets, r.address)
	}
}

func (b *balancer) leads(to *replica) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.targets, to.address)
}

func (b *balancer) target() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.targets) == 0 {
		return ""
	}
	b.next++
	return b.targets[b.next%len(b.targets)]
}

func (b *balancer) pass(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", b.target())
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() {
		_ = client.Close()
		_ = server.Close()
	})()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{server, client}, {client, server}} {
		go func() {
			_, _ = io.Copy(way[0], way[1]) // until either side ends
			ended <- struct{}{}
		}()
	}
	<-ended
}

// writers returns the replicas that created ConfigMaps in a namespace, or tried, and how often.
func writers(t *testing.T, namespace string) map[string]int {
	t.Helper()
	file, err := os.Open(env.auditLog)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	counts := map[string]int{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct {
			ObjectRef        struct{ Namespace string }
			ImpersonatedUser struct{ Username string }
		}
		if json.Unmarshal(lines.Bytes(), &event) == nil && event.ObjectRef.Namespace == namespace && event.ImpersonatedUser.Username != "" {
			counts[event.ImpersonatedUser.Username]++
		}
	}
	return counts
}

// eventuallyPublished waits until the host cluster verifies a replica's certificate by what its APIService says.
func eventuallyPublished(t *testing.T, r *replica) {
	t.Helper()
	eventually(t, "the authority of the serving certificate is published", func() error {
		service, err := env.dynamic.Resource(apiServices).Get(t.Context(), "v1alpha1.metacontroller.k8s.io", metav1.GetOptions{})
		if err != nil {
			return err
		}
		encoded, _, _ := unstructured.NestedString(service.Object, "spec", "caBundle") // none: not verified
		bundle, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(bundle)
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: "hookplane." + ownNamespace + ".svc"}}
		connection, err := dialer.DialContext(t.Context(), "tcp", r.address)
		if err != nil {
			return err
		}
		return connection.Close()
	})
}
