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
	"io"
	"sync"

	"k8s.io/component-base/logs"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/apiserver"
	"github.com/hookplane/hookplane/pkg/footprint"
)

// readyLine is what a script waits for on the standard output.
const readyLine = "hookplane is ready"

// run is the life of the process: what can go wrong is found first, then the API is served until ctx ends.
// The storage ends last, when nobody uses it any longer.
func run(ctx context.Context, o *Options, stdout io.Writer) (err error) {
	if err := o.Features.apply(); err != nil {
		return err
	}
	if err := o.Logging.apply(); err != nil {
		return err
	}
	defer logs.FlushLogs()
	limitMemory(ctx)

	server, storage, err := o.prepare(ctx, stdout)
	if ctx.Err() != nil && err != nil {
		return nil // told to end while it started: whatever failed then did because of that
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, storage.close()) }()
	return serve(ctx, server.Run, storage.failed)
}

// prepare does everything before serving, in the order in which failures can be repaired: host cluster,
// port, registration, storage, and what uses all these.
func (o *Options) prepare(ctx context.Context, stdout io.Writer) (_ *apiserver.Server, _ *storage, err error) {
	host, err := o.Host.connect()
	if err != nil {
		return nil, nil, err
	}
	if err := checkHost(ctx, host); err != nil {
		return nil, nil, err
	}
	if err := o.Serving.listen(ctx); err != nil {
		return nil, nil, err
	}
	registrar, err := o.Registration.registrar(host, o.Serving)
	if err != nil {
		return nil, nil, err
	}
	taken, err := wasTaken(ctx, registrar)
	if err != nil {
		return nil, nil, err
	}
	if o.sharesCertificate() {
		if err := o.Serving.share(ctx, host, o.Registration.service().Namespace, o.Registration.host()); err != nil {
			return nil, nil, err
		}
	}
	config := apiserver.NewConfig(Version())
	storage, err := o.Storage.open(ctx, host, config.StoredKinds(), o.Host.inCluster())
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, storage.close())
		}
	}()
	if err := newPlace(storage, config, host, o.Storage.EtcdPrefix).allowTaken(ctx, taken); err != nil {
		return nil, nil, err
	}
	if err := o.config(ctx, config, host, storage); err != nil {
		return nil, nil, err
	}
	config.ExtraConfig.Registrar, config.ExtraConfig.KeepRegistration = registrar, o.Registration.Keep
	config.ExtraConfig.OnReady = func() { fmt.Fprintln(stdout, readyLine) }
	server, err := config.Complete().New()
	if err != nil {
		return nil, nil, err
	}
	klog.FromContext(ctx).Info("Starting hookplane", "version", Version(), "host", host.Host)
	return server, storage, nil
}

// serve runs until ctx ends, or until the storage fails, which ends it.
func serve(ctx context.Context, run func(context.Context) error, storageFailed <-chan error) error {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	defer keeping.Wait()
	defer cancel()
	keeping.Go(func() { footprint.New(clock.RealClock{}).Run(ctx) })
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	select {
	case err := <-ended:
		return err
	case err := <-storageFailed:
		cancel()
		return errors.Join(fmt.Errorf("the storage failed: %w", err), <-ended)
	}
}
