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

	"github.com/hookplane/hookplane/test/controlplane/internal/assets"
	"github.com/hookplane/hookplane/test/controlplane/internal/supervise"
)

const (
	serviceIPs     = "10.96.0.0/16"
	firstServiceIP = "10.96.0.1" // kube-apiserver's own Service
)

// apiServer returns kube-apiserver at a port, with further flags after its own, so that they win.
func apiServer(f folder, programs string, port int, further []string) supervise.Component {
	c := component(f, programs, assets.APIServer)
	c.Args = []string{
		"--bind-address=" + loopback,
		"--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + f.certificate(apiServerServing),
		"--tls-private-key-file=" + f.key(apiServerServing),
		"--etcd-servers=" + etcdURL,
		"--service-cluster-ip-range=" + serviceIPs,
		"--allow-privileged=true",
		// The Service kubernetes gets no endpoints, because those may not be loopback addresses. Nothing here dials them.
		"--advertise-address=" + loopback,
		"--endpoint-reconciler-type=none",

		"--authorization-mode=RBAC",
		"--client-ca-file=" + f.certificate(clusterCA),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + f.certificate(serviceAccountKey),
		"--service-account-signing-key-file=" + f.key(serviceAccountKey),

		// Aggregation: who kube-apiserver is towards aggregated API servers, and where they read that.
		"--proxy-client-cert-file=" + f.certificate(frontProxyClient),
		"--proxy-client-key-file=" + f.key(frontProxyClient),
		"--requestheader-client-ca-file=" + f.certificate(frontProxyCA),
		"--requestheader-allowed-names=" + frontProxyUser,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-uid-headers=X-Remote-Uid",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
	}
	c.Args = append(c.Args, further...)
	return c
}
