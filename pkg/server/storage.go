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

package server

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/pflag"
)

// Where the objects of the API can be kept.
const (
	storageHost     = "host"
	storageEtcd     = "etcd"
	storageEmbedded = "embedded"
)

// StorageOptions say where the objects of the API are kept.
type StorageOptions struct {
	// Storage is one of the above. Empty: what the other flags are for, else the host cluster if the process runs in it.
	Storage string
	// DataDir makes the server keep them itself, in this folder.
	DataDir string
	// EtcdServers are the URLs of an etcd cluster that keeps them.
	EtcdServers []string
	// EtcdCAFile, EtcdCertFile and EtcdKeyFile are for TLS with those.
	EtcdCAFile, EtcdCertFile, EtcdKeyFile string
	// EtcdPrefix begins every key.
	EtcdPrefix string
}

func newStorageOptions() StorageOptions {
	// Not /registry: in an etcd that a kube-apiserver uses too, the keys would be those of
	// CustomResourceDefinitions of the same names.
	return StorageOptions{EtcdPrefix: "/hookplane"}
}

func (o *StorageOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Storage, "storage", o.Storage,
		"Where to keep the objects: host, in the host cluster, as opaque objects of the group storage.hookplane.dev; embedded, in --data-dir; or etcd, in --etcd-servers. Empty: the one whose flag is given, else host when hookplane runs in a cluster.")
	o.addPlaceFlags(flags)
}

// addPlaceFlags adds the flags that say where each kind of storage is.
func (o *StorageOptions) addPlaceFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.DataDir, "data-dir", o.DataDir,
		"Folder to keep the objects in, with an etcd inside this process. It is created when missing and can be used by one process at a time.")
	flags.StringSliceVar(&o.EtcdServers, "etcd-servers", o.EtcdServers,
		"URLs of an etcd cluster to keep the objects in.")
	flags.StringVar(&o.EtcdCAFile, "etcd-cafile", o.EtcdCAFile, "File with the certificates that verify the etcd servers.")
	flags.StringVar(&o.EtcdCertFile, "etcd-certfile", o.EtcdCertFile, "File with the certificate to show to the etcd servers.")
	flags.StringVar(&o.EtcdKeyFile, "etcd-keyfile", o.EtcdKeyFile, "File with the key of --etcd-certfile.")
	flags.StringVar(&o.EtcdPrefix, "etcd-prefix", o.EtcdPrefix, "Prefix of all keys in etcd.")
}

// kind resolves Storage. Empty: it cannot be told.
func (o *StorageOptions) kind(inCluster bool) string {
	switch {
	case o.Storage != "":
		return o.Storage
	case o.DataDir != "":
		return storageEmbedded
	case len(o.EtcdServers) > 0:
		return storageEtcd
	case inCluster:
		return storageHost
	default:
		return ""
	}
}

// exclusive reports whether one process at a time can use the storage, so that there are no other replicas.
func (o *StorageOptions) exclusive(inCluster bool) bool { return o.kind(inCluster) == storageEmbedded }

func (o *StorageOptions) validate(inCluster bool) []error {
	errs := o.validateKind(inCluster)
	if o.DataDir != "" && len(o.EtcdServers) > 0 {
		errs = append(errs, errors.New("--data-dir and --etcd-servers exclude each other"))
	}
	return append(errs, o.validateEtcd()...)
}

// validateKind refuses a kind of storage that does not go with the flags of the others.
func (o *StorageOptions) validateKind(inCluster bool) []error {
	kind := o.kind(inCluster)
	switch kind {
	case "":
		return []error{errors.New("--storage=host, --data-dir or --etcd-servers is required with --kubeconfig: where to keep objects")}
	case storageHost, storageEmbedded, storageEtcd:
	default:
		return []error{fmt.Errorf("--storage must be host, embedded or etcd, not %q", kind)}
	}
	var errs []error
	for _, flag := range []struct {
		name, kind string
		set        bool
	}{
		{"--data-dir", storageEmbedded, o.DataDir != ""},
		{"--etcd-servers", storageEtcd, len(o.EtcdServers) > 0},
	} {
		switch {
		case flag.kind == kind && !flag.set:
			errs = append(errs, fmt.Errorf("--storage=%s needs %s", kind, flag.name))
		case flag.kind != kind && flag.set && o.Storage != "":
			errs = append(errs, fmt.Errorf("%s is not for --storage=%s", flag.name, kind))
		}
	}
	return errs
}

func (o *StorageOptions) validateEtcd() []error {
	var errs []error
	for _, server := range o.EtcdServers {
		if u, err := url.Parse(server); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			errs = append(errs, fmt.Errorf("--etcd-servers: %q is not a URL such as https://etcd-0:2379", server))
		}
	}
	if (o.EtcdCertFile == "") != (o.EtcdKeyFile == "") {
		errs = append(errs, errors.New("--etcd-certfile and --etcd-keyfile need each other"))
	}
	if len(o.EtcdServers) == 0 && (o.EtcdCAFile != "" || o.EtcdCertFile != "" || o.EtcdKeyFile != "") {
		errs = append(errs, errors.New("--etcd-cafile, --etcd-certfile and --etcd-keyfile need --etcd-servers"))
	}
	if !strings.HasPrefix(o.EtcdPrefix, "/") {
		errs = append(errs, fmt.Errorf("--etcd-prefix must begin with /, not be %q", o.EtcdPrefix))
	}
	return errs
}
