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

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/apiserver"
	"github.com/hookplane/hookplane/registry/storage/embedded"
	"github.com/hookplane/hookplane/registry/storage/host"
)

// etcdTimeout is how long an external etcd that does not answer is waited for at start.
const etcdTimeout = 5 * time.Second

// storage is what keeps the objects, ready for use.
type storage struct {
	// host says that the host cluster does. Else transport leads to an etcd.
	host      bool
	transport storagebackend.TransportConfig
	// failed delivers an error when it cannot be used any longer; nil when it does not say.
	failed <-chan error
	// close is to be called when nobody uses it any longer.
	close func() error
}

// open starts the storage, or makes sure that it answers. In the host cluster it makes what is missing for the kinds.
func (o *StorageOptions) open(ctx context.Context, hostConfig *rest.Config, kinds []apiserver.StoredKind, inCluster bool) (*storage, error) {
	switch o.kind(inCluster) {
	case storageHost:
		if err := host.Install(ctx, hostConfig, recordKinds(kinds)); err != nil {
			return nil, err
		}
		return &storage{host: true, close: func() error { return nil }}, nil
	case storageEmbedded:
		server, err := embedded.Start(ctx, o.DataDir)
		if err != nil {
			return nil, err
		}
		transport := storagebackend.NewDefaultConfig(o.EtcdPrefix, nil).Transport
		transport.ServerList = []string{server.Endpoint()}
		return &storage{transport: transport, failed: server.Failed(), close: server.Close}, nil
	default:
		return o.connect(ctx)
	}
}

// connect makes sure that the etcd servers answer.
func (o *StorageOptions) connect(ctx context.Context) (*storage, error) {
	config := storagebackend.NewDefaultConfig(o.EtcdPrefix, nil)
	config.Transport.ServerList = o.EtcdServers
	config.Transport.TrustedCAFile = o.EtcdCAFile
	config.Transport.CertFile, config.Transport.KeyFile = o.EtcdCertFile, o.EtcdKeyFile
	if err := probe(ctx, *config); err != nil {
		return nil, fmt.Errorf("cannot reach etcd at %s (see --etcd-servers): %s", strings.Join(o.EtcdServers, ","), oneLine(err))
	}
	return &storage{transport: config.Transport, close: func() error { return nil }}, nil
}

// recordKinds are the kinds as the host cluster stores them.
func recordKinds(kinds []apiserver.StoredKind) []host.Kind {
	result := make([]host.Kind, 0, len(kinds))
	for _, kind := range kinds {
		result = append(result, recordKind(kind))
	}
	return result
}

func recordKind(kind apiserver.StoredKind) host.Kind {
	return host.Kind{Resource: kind.Resource.Resource, Name: kind.Name}
}

// apply makes the API server use the storage, with objects as JSON of the served version.
func (s *storage) apply(config *apiserver.Config, hostConfig *rest.Config, prefix string) error {
	generic := &config.GenericConfig.Config
	backend := s.backend(config, prefix)
	if s.host {
		host.AnnounceProgress()
		backend.StorageObjectCountTracker = generic.StorageObjectCountTracker
		generic.RESTOptionsGetter = host.NewRESTOptionsGetter(hostConfig, recordKinds(config.StoredKinds()), *backend, clock.RealClock{})
		return nil
	}
	return genericoptions.NewEtcdOptions(backend).ApplyTo(generic)
}

// backend is how objects are encoded, and where an etcd is.
func (s *storage) backend(config *apiserver.Config, prefix string) *storagebackend.Config {
	version := v1alpha1.SchemeGroupVersion
	backend := storagebackend.NewDefaultConfig(prefix, config.Codecs.LegacyCodec(version))
	backend.EncodeVersioner = runtime.NewMultiGroupVersioner(version, schema.GroupKind{Group: version.Group})
	if !s.host {
		backend.Transport = s.transport
	}
	return backend
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
