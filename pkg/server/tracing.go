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
	"fmt"
	"time"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/component-base/tracing"
	tracingapi "k8s.io/component-base/tracing/api/v1"
	"k8s.io/klog/v2"
)

// flushTime is how long the end of the process may wait for spans to be taken.
const flushTime = 5 * time.Second

// TracingOptions say where traces go.
type TracingOptions struct {
	// ConfigFile has a TracingConfiguration of apiserver.config.k8s.io. Empty: nothing is traced.
	ConfigFile string
}

func (o *TracingOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.ConfigFile, "tracing-config-file", o.ConfigFile,
		"File with a TracingConfiguration (apiserver.config.k8s.io/v1), as kube-apiserver takes it: to which OpenTelemetry collector traces of requests and syncs are sent, and how many of them. Without it nothing is traced.")
}

func (o *TracingOptions) validate() []error {
	if o.ConfigFile == "" {
		return nil
	}
	config, err := genericoptions.ReadTracingConfiguration(o.ConfigFile)
	if err != nil {
		return []error{fmt.Errorf("--tracing-config-file: %w", err)}
	}
	var errs []error
	for _, err := range tracingapi.ValidateTracingConfiguration(config, nil, nil) {
		errs = append(errs, fmt.Errorf("--tracing-config-file %s: %w", o.ConfigFile, err))
	}
	return errs
}

// provider returns what takes the spans of this process to the collector; nil when nothing is traced.
func (o *TracingOptions) provider(ctx context.Context, instance string) (tracing.TracerProvider, error) {
	if o.ConfigFile == "" {
		return nil, nil
	}
	config, err := genericoptions.ReadTracingConfiguration(o.ConfigFile)
	if err != nil {
		return nil, fmt.Errorf("--tracing-config-file: %w", err)
	}
	logger := klog.FromContext(ctx)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Info("Cannot send traces", "err", err) }))
	provider, err := tracing.NewProvider(ctx, config, nil, []resource.Option{resource.WithAttributes(
		attribute.String("service.name", "hookplane"),
		attribute.String("service.version", Version()),
		attribute.String("service.instance.id", instance),
	)})
	if err != nil {
		return nil, fmt.Errorf("--tracing-config-file %s: cannot trace: %w", o.ConfigFile, err)
	}
	return hasty{provider}, nil
}

// hasty is a provider that a collector which is away holds up no longer than flushTime.
type hasty struct {
	tracing.TracerProvider
}

// Shutdown sends what is left, if it can.
func (h hasty) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	return h.TracerProvider.Shutdown(ctx)
}
