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
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"

	"github.com/hookplane/hookplane/registry/storage/embedded"
)

// etcdTimeout is how long an external etcd that does not answer is waited for at start.
const etcdTimeout = 5 * time.Second

// StorageOptions say where the objects of the API are kept.
type StorageOptions struct {
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
	flags.StringVar(&o.DataDir, "data-dir", o.DataDir,
		"Folder to keep the objects in, with an etcd inside this process. It is created when missing and can be used by one process at a time.")
	flags.StringSliceVar(&o.EtcdServers, "etcd-servers", o.EtcdServers,
		"URLs of an etcd cluster to keep the objects in, instead of --data-dir.")
	flags.StringVar(&o.EtcdCAFile, "etcd-cafile", o.EtcdCAFile, "File with the certificates that verify the etcd servers.")
	flags.StringVar(&o.EtcdCertFile, "etcd-certfile", o.EtcdCertFile, "File with the certificate to show to the etcd servers.")
	flags.StringVar(&o.EtcdKeyFile, "etcd-keyfile", o.EtcdKeyFile, "File with the key of --etcd-certfile.")
	flags.StringVar(&o.EtcdPrefix, "etcd-prefix", o.EtcdPrefix, "Prefix of all keys in etcd.")
}

func (o *StorageOptions) validate() []error {
	var errs []error
	switch {
	case o.DataDir == "" && len(o.EtcdServers) == 0:
		errs = append(errs, errors.New("--data-dir or --etcd-servers is required: where to keep objects"))
	case o.DataDir != "" && len(o.EtcdServers) > 0:
		errs = append(errs, errors.New("--data-dir and --etcd-servers exclude each other"))
	}
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

// storage is what keeps the objects, ready for use.
type storage struct {
	transport storagebackend.TransportConfig
	// failed delivers an error when it cannot be used any longer; nil when it does not say.
	failed <-chan error
	// close is to be called when nobody uses it any longer.
	close func() error
}

// open starts the storage, or makes sure that it answers.
func (o *StorageOptions) open(ctx context.Context) (*storage, error) {
	config := storagebackend.NewDefaultConfig(o.EtcdPrefix, nil)
	if o.DataDir != "" {
		server, err := embedded.Start(ctx, o.DataDir)
		if err != nil {
			return nil, err
		}
		config.Transport.ServerList = []string{server.Endpoint()}
		return &storage{transport: config.Transport, failed: server.Failed(), close: server.Close}, nil
	}
	config.Transport.ServerList = o.EtcdServers
	config.Transport.TrustedCAFile = o.EtcdCAFile
	config.Transport.CertFile, config.Transport.KeyFile = o.EtcdCertFile, o.EtcdKeyFile
	if err := probe(ctx, *config); err != nil {
		return nil, fmt.Errorf("cannot reach etcd at %s (see --etcd-servers): %s", strings.Join(o.EtcdServers, ","), oneLine(err))
	}
	return &storage{transport: config.Transport, close: func() error { return nil }}, nil
}

// probe makes sure that etcd answers.
func probe(ctx context.Context, config storagebackend.Config) error {
	ctx, cancel := context.WithTimeoutCause(ctx, etcdTimeout, fmt.Errorf("no answer within %s", etcdTimeout))
	defer cancel()
	// Before the client, which logs each attempt but does not tell why the last one failed.
	if err := dialAny(ctx, config.Transport.ServerList); err != nil {
		return err
	}
	probed := make(chan error, 1)
	// Making the client may take longer than we want to wait, and cannot be interrupted: without an answer
	// the process ends.
	go func() {
		prober, err := factory.CreateProber(config)
		if err == nil {
			err = errors.Join(prober.Probe(ctx), prober.Close())
		}
		probed <- err
	}()
	select {
	case err := <-probed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// dialAny returns nil when one of the servers accepts a connection, else the error of each.
func dialAny(ctx context.Context, servers []string) error {
	var errs []error
	for _, server := range servers {
		u, err := url.Parse(server)
		if err != nil {
			return err
		}
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
		if err == nil {
			return connection.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
