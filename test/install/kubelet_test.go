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

package install

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// nodeName is the node that all Pods of hookplane run on.
const nodeName = "here"

// kubelet is scheduler and kubelet of that node: it runs a process for the container of each Pod of hookplane, and tells kube-apiserver
// what their probes find.
type kubelet struct {
	t       *testing.T
	binary  string
	running map[types.UID]*pod
}

// startKubelet runs it until the test ends, and ends what it started then.
func startKubelet(t *testing.T, binary string) {
	t.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName}}
	if _, err := env.kubernetes.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	k := &kubelet{t: t, binary: binary, running: map[types.UID]*pod{}}
	var work sync.WaitGroup
	work.Go(func() {
		wait.UntilWithContext(ctx, k.sync, 200*time.Millisecond)
		for _, p := range k.running {
			p.stop()
			if t.Failed() {
				t.Logf("the server's log:\n%s", p.output.String())
			}
		}
	})
	t.Cleanup(func() {
		stop()
		work.Wait()
		if err := env.kubernetes.CoreV1().Nodes().Delete(context.Background(), nodeName, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// sync brings every Pod one step further.
func (k *kubelet) sync(ctx context.Context) {
	pods, err := env.kubernetes.CoreV1().Pods("").List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=hookplane"})
	if err != nil {
		return
	}
	for i := range pods.Items {
		if err := k.step(ctx, &pods.Items[i]); err != nil && ctx.Err() == nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			k.t.Errorf("Pod %s: %v", pods.Items[i].Name, err)
		}
	}
}

func (k *kubelet) step(ctx context.Context, object *corev1.Pod) error {
	client := env.kubernetes.CoreV1().Pods(object.Namespace)
	p := k.running[object.UID]
	switch {
	case object.DeletionTimestamp != nil:
		if p != nil {
			p.stop()
		}
		return client.Delete(ctx, object.Name, *metav1.NewDeleteOptions(0))
	case object.Spec.NodeName == "":
		return client.Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Namespace: object.Namespace, Name: object.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: nodeName},
		}, metav1.CreateOptions{})
	case p == nil:
		p, err := startPod(ctx, k.binary, object)
		if err == nil {
			k.running[object.UID] = p
		}
		return err
	default:
		return p.report(ctx, object)
	}
}

// pod is a process.
type pod struct {
	container corev1.Container
	command   *exec.Cmd
	output    bytes.Buffer
	exited    chan struct{}
}

// startPod runs the server with what the Pod says, and with a token of its service account. What a kubelet mounts for that is in a kubeconfig
// here, which is the only argument that the Pod does not have.
func startPod(ctx context.Context, binary string, object *corev1.Pod) (*pod, error) {
	p := &pod{container: object.Spec.Containers[0], exited: make(chan struct{})}
	kubeconfig, err := writeKubeconfig(ctx, object)
	if err != nil {
		return nil, err
	}
	p.command = exec.Command(binary, append(slices.Clone(p.container.Args), "--kubeconfig="+kubeconfig)...) // stop ends it
	p.command.Env = []string{"GORACE=halt_on_error=1"}
	for _, variable := range p.container.Env {
		p.command.Env = append(p.command.Env, variable.Name+"="+variable.Value)
	}
	p.command.Dir = "/"
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	if os.Getuid() == 0 {
		user := uint32(*object.Spec.SecurityContext.RunAsUser) // kube-apiserver has checked it
		p.command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.exited)
		_ = p.command.Wait() // a server that fails is never ready
	}()
	return p, nil
}

// stop ends the process as a kubelet does, and waits for it.
func (p *pod) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended
	<-p.exited
}

// writeKubeconfig asks for the token that the Pod's volume is to have, and returns a file that has it.
func writeKubeconfig(ctx context.Context, object *corev1.Pod) (string, error) {
	projection, err := tokenOf(object)
	if err != nil {
		return "", err
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: projection.ExpirationSeconds,
		BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: object.Name, UID: object.UID},
	}}
	token, err := env.kubernetes.CoreV1().ServiceAccounts(object.Namespace).
		CreateToken(ctx, object.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	authority, err := os.ReadFile(env.config.CAFile)
	if err != nil {
		authority = env.config.CAData
	}
	config := clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"host": {Server: env.config.Host, CertificateAuthorityData: authority}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"pod": {Token: token.Status.Token}},
		Contexts:       map[string]*clientcmdapi.Context{"pod": {Cluster: "host", AuthInfo: "pod"}},
		CurrentContext: "pod",
	}
	path := filepath.Join(env.dir, object.Name)
	encoded, err := clientcmd.Write(config)
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, encoded, 0o644) // of a cluster that is about to go
}

// tokenOf returns what kube-apiserver has added to the Pod because it wants a token.
func tokenOf(object *corev1.Pod) (*corev1.ServiceAccountTokenProjection, error) {
	for _, volume := range object.Spec.Volumes {
		if volume.Projected == nil {
			continue
		}
		for _, source := range volume.Projected.Sources {
			if source.ServiceAccountToken != nil {
				return source.ServiceAccountToken, nil
			}
		}
	}
	return nil, fmt.Errorf("the Pod has no token: automountServiceAccountToken is %v", object.Spec.AutomountServiceAccountToken)
}

// report tells kube-apiserver what the probes find.
func (p *pod) report(ctx context.Context, object *corev1.Pod) error {
	select {
	case <-p.exited:
		return fmt.Errorf("the server has ended: %s", p.output.String())
	default:
	}
	ready := corev1.ConditionFalse
	if p.passes(ctx, p.container.StartupProbe) && p.passes(ctx, p.container.LivenessProbe) && p.passes(ctx, p.container.ReadinessProbe) {
		ready = corev1.ConditionTrue
	}
	for _, condition := range object.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == ready {
			return nil
		}
	}
	patch, err := json.Marshal(map[string]any{"status": corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: env.address.String(), PodIPs: []corev1.PodIP{{IP: env.address.String()}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.Now()}},
	}})
	if err != nil {
		return err
	}
	_, err = env.kubernetes.CoreV1().Pods(object.Namespace).Patch(ctx, object.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

// passes asks as a kubelet does: over TLS that is not verified, without credentials.
func (p *pod) passes(ctx context.Context, probe *corev1.Probe) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(probe.TimeoutSeconds)*time.Second)
	defer cancel()
	address := net.JoinHostPort(env.address.String(), strconv.Itoa(p.port(probe.HTTPGet.Port.StrVal)))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+probe.HTTPGet.Path, nil)
	if err != nil {
		return false
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} // as kubelets do
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// port returns the number of a port of the container.
func (p *pod) port(name string) int {
	for _, port := range p.container.Ports {
		if port.Name == name {
			return int(port.ContainerPort)
		}
	}
	return 0
}
