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
	"os"
	"path/filepath"

	"github.com/hookplane/hookplane/test/controlplane/internal/assets"
	"github.com/hookplane/hookplane/test/controlplane/internal/supervise"
)

const (
	// etcdSocket is a file in the working directory of etcd and kube-apiserver. A socket needs no free port and no certificate, and
	// the folder's mode says who may use it. The name is relative because the path of a socket may not exceed about 100 characters.
	etcdSocket = "etcd.sock"
	etcdURL    = "unix://" + etcdSocket
	// peerURL is where etcd awaits members that never come.
	peerURL = "unix://etcd-peer.sock"
)

// etcd is ready when its socket is there.
func etcd(f folder, programs string) supervise.Component {
	c := component(f, programs, assets.Etcd)
	c.Args = []string{
		"--data-dir=" + f.etcdData(),
		"--listen-client-urls=" + etcdURL,
		"--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=" + peerURL,
		"--initial-advertise-peer-urls=" + peerURL,
		"--initial-cluster=default=" + peerURL,
		// The data need not survive the machine, only the process.
		"--unsafe-no-fsync",
	}
	c.Ready = func(context.Context) error {
		_, err := os.Stat(f.etcdSocket())
		return err
	}
	return c
}

// component returns what is the same for all components.
func component(f folder, programs, name string) supervise.Component {
	return supervise.Component{
		Name:    name,
		Path:    filepath.Join(programs, name),
		Dir:     f.path,
		LogFile: f.log(name),
		PIDFile: f.pid(name),
	}
}
