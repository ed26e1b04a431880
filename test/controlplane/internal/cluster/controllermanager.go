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
	"strconv"
	"strings"

	"github.com/hookplane/hookplane/test/controlplane/internal/assets"
	"github.com/hookplane/hookplane/test/controlplane/internal/supervise"
)

// controllers are those that are on by default, without the ones that need nodes: there are none without a kubelet.
var controllers = []string{
	"*",
	"-node-ipam-controller",
	"-node-lifecycle-controller",
	"-persistentvolume-attach-detach-controller",
	"-taint-eviction-controller",
}

// controllerManager returns kube-controller-manager, which serves its health at a port.
func controllerManager(f folder, programs string, port int) supervise.Component {
	c := component(f, programs, assets.ControllerManager)
	c.Args = []string{
		"--bind-address=" + loopback,
		"--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + f.certificate(controllerManagerServing),
		"--tls-private-key-file=" + f.key(controllerManagerServing),
		"--kubeconfig=" + f.controllerManagerKubeconfig(),
		"--authentication-kubeconfig=" + f.controllerManagerKubeconfig(),
		"--authorization-kubeconfig=" + f.controllerManagerKubeconfig(),
		"--controllers=" + strings.Join(controllers, ","),
		// Each controller has its own rights, as in a real cluster.
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + f.key(serviceAccountKey),
		"--root-ca-file=" + f.certificate(clusterCA),
		// There is only one, and a lease would make a restart wait until it expires.
		"--leader-elect=false",
		// Tests delete many objects at once, and wait for their dependents to go.
		"--kube-api-qps=200",
		"--kube-api-burst=400",
	}
	return c
}
