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
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// folder is where a control plane keeps everything. Its methods name what is in it.
type folder struct {
	path string // absolute
	made bool   // by us, so removed by us
}

func (f folder) adminKubeconfig() string { return filepath.Join(f.path, "admin.kubeconfig") }

func (f folder) controllerManagerKubeconfig() string {
	return filepath.Join(f.path, "kube-controller-manager.kubeconfig")
}

func (f folder) etcdData() string            { return filepath.Join(f.path, "etcd") }
func (f folder) etcdSocket() string          { return filepath.Join(f.path, etcdSocket) }
func (f folder) certificate(n string) string { return filepath.Join(f.path, "pki", n+".crt") }
func (f folder) key(n string) string         { return filepath.Join(f.path, "pki", n+".key") }
func (f folder) log(component string) string { return filepath.Join(f.path, "logs", component+".log") }
func (f folder) pid(component string) string { return filepath.Join(f.path, component+".pid") }

// openFolder makes the folder at path, or a temporary one when path is empty, and its subfolders. A folder that is there already must be
// empty: certificates and data of an earlier control plane do not fit together with new ones.
func openFolder(path string) (folder, error) {
	f, err := makeFolder(path)
	if err != nil {
		return folder{}, err
	}
	for _, sub := range []string{"pki", "logs"} {
		if err := os.Mkdir(filepath.Join(f.path, sub), 0o700); err != nil {
			return folder{}, errors.Join(fmt.Errorf("cannot make the folder of a control plane: %w", err), f.close())
		}
	}
	return f, nil
}

func makeFolder(path string) (folder, error) {
	if path == "" {
		path, err := os.MkdirTemp("", "hookplane-controlplane-*")
		if err != nil {
			return folder{}, fmt.Errorf("cannot make a temporary folder for a control plane: %w", err)
		}
		return folder{path: path, made: true}, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return folder{}, fmt.Errorf("cannot resolve the folder of a control plane: %w", err)
	}
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return folder{}, fmt.Errorf("cannot make the folder of a control plane: %w", err)
		}
		return folder{path: path, made: true}, nil
	}
	if err != nil {
		return folder{}, fmt.Errorf("cannot read the folder of a control plane: %w", err)
	}
	if len(entries) > 0 {
		return folder{}, fmt.Errorf("the folder %s is not empty: name one that is, or that does not exist", path)
	}
	return folder{path: path}, nil
}

// close removes a folder that openFolder made, and leaves alone one that was there before.
func (f folder) close() error {
	if !f.made {
		return nil
	}
	if err := os.RemoveAll(f.path); err != nil {
		return fmt.Errorf("cannot remove the folder of a control plane: %w", err)
	}
	return nil
}
