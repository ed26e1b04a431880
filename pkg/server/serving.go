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
	"strconv"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/certificate"
)

// As many requests as kube-apiserver sends over one connection.
const maxStreamsPerConnection = 1000

// ServingOptions say where and with which certificate the API is served.
type ServingOptions struct {
	*genericoptions.SecureServingOptions
	// Secret is the name of the Secret that keeps the serving certificate. Empty: a generated certificate stays in memory.
	Secret string
	// keeper keeps it; nil without one.
	keeper *certificate.Keeper
	// ShutdownDelay is how long requests are still answered after the end was asked for.
	ShutdownDelay time.Duration
}

func newServingOptions() *ServingOptions {
	o := genericoptions.NewSecureServingOptions()
	o.BindPort = 8443
	o.ServerCert.CertDirectory = "" // a generated certificate stays in memory
	o.HTTP2MaxStreamsPerConnection = maxStreamsPerConnection
	return &ServingOptions{SecureServingOptions: o, Secret: "hookplane-serving-cert"}
}

// addFlags adds fewer flags than the embedded options would.
func (o *ServingOptions) addFlags(flags *pflag.FlagSet) {
	flags.IPVar(&o.BindAddress, "bind-address", o.BindAddress, "Address to serve on.")
	flags.IntVar(&o.BindPort, "secure-port", o.BindPort, "Port to serve HTTPS on. 0: any free one, which the log tells and --apiservice-external-name makes known.")
	flags.DurationVar(&o.ShutdownDelay, "shutdown-delay-duration", o.ShutdownDelay,
		"How long the server goes on answering after it was told to end. /readyz fails meanwhile, so that the Service leads to other replicas, and in the second half clients are sent away with each answer, and connections end that have been idle for a second. As long as it takes until the cluster has noticed, twice; without replicas it is of no use.")
	flags.BoolVar(&o.DisableHTTP2Serving, "disable-http2-serving", o.DisableHTTP2Serving,
		"Serve HTTP/1.1 only. Where a Service balances connections and not requests, that is what lets a replica end without losing one.")
	flags.StringVar(&o.ServerCert.CertKey.CertFile, "tls-cert-file", "",
		"File with the serving certificate, followed by those of intermediate authorities. It is read again when it changes. Empty: one is generated, see --tls-secret.")
	flags.StringVar(&o.ServerCert.CertKey.KeyFile, "tls-private-key-file", "", "File with the key of --tls-cert-file.")
	flags.StringVar(&o.Secret, "tls-secret", o.Secret,
		"Secret, in the namespace of --apiservice-service, that keeps a generated certificate: replicas share it, and renew it before it expires. It is for --register-apiservice without --apiservice-external-name; else, or when this is empty, each start generates a certificate of its own.")
	flags.StringVar(&o.MinTLSVersion, "tls-min-version", "", "Lowest version of TLS to accept, such as VersionTLS13. Empty: Go's default.")
	flags.StringSliceVar(&o.CipherSuites, "tls-cipher-suites", nil, "Cipher suites to accept below TLS 1.3. Empty: Go's default.")
}

func (o *ServingOptions) validate() []error {
	var errs []error
	if o.BindPort < 0 || o.BindPort > 65535 {
		errs = append(errs, fmt.Errorf("--secure-port must be between 0 and 65535, not %d", o.BindPort))
	}
	if o.ShutdownDelay < 0 {
		errs = append(errs, fmt.Errorf("--shutdown-delay-duration must not be negative, not %s", o.ShutdownDelay))
	}
	if o.Secret != "" && len(validation.IsDNS1123Subdomain(o.Secret)) > 0 {
		errs = append(errs, fmt.Errorf("--tls-secret must be the name of a Secret, not %q", o.Secret))
	}
	if (o.ServerCert.CertKey.CertFile == "") != (o.ServerCert.CertKey.KeyFile == "") {
		errs = append(errs, errors.New("--tls-cert-file and --tls-private-key-file need each other"))
	}
	if _, err := cliflag.TLSVersion(o.MinTLSVersion); err != nil {
		errs = append(errs, fmt.Errorf("--tls-min-version: %w", err))
	}
	if _, err := cliflag.TLSCipherSuites(o.CipherSuites); err != nil {
		errs = append(errs, fmt.Errorf("--tls-cipher-suites: %w", err))
	}
	return errs
}

// share has the certificate of the Secret in a namespace be what is served, for the host name, and makes it if there is none.
func (o *ServingOptions) share(ctx context.Context, host *rest.Config, namespace, hostname string) error {
	client, err := kubernetes.NewForConfig(host)
	if err != nil {
		return fmt.Errorf("cannot make a client for the serving certificate: %w", err)
	}
	o.keeper = certificate.NewKeeper(certificate.Config{
		Secrets: client.CoreV1().Secrets(namespace), Secret: types.NamespacedName{Namespace: namespace, Name: o.Secret},
		Hosts: []string{hostname}, Clock: clock.RealClock{},
	})
	return o.keeper.RunOnce(ctx)
}

// listen takes the port.
func (o *ServingOptions) listen(ctx context.Context) error {
	address := net.JoinHostPort(o.BindAddress.String(), strconv.Itoa(o.BindPort))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot serve (see --bind-address and --secure-port): %w", err)
	}
	o.Listener = listener
	return nil
}

// port is where listen listens.
func (o *ServingOptions) port() int32 {
	return int32(o.Listener.Addr().(*net.TCPAddr).Port)
}
