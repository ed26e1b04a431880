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
	"crypto/x509"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"

	"github.com/hookplane/hookplane/admission/initializer"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/apiserver/registration"
)

// RegistrationOptions say how the host cluster learns of this server.
type RegistrationOptions struct {
	// Register makes the server keep its APIService.
	Register bool
	// Keep leaves the registration in place when the server ends.
	Keep bool
	// TakeOver replaces a registration of the API that is somebody else's.
	TakeOver bool
	// Service is the namespace/name of the Service through which the host cluster reaches the server.
	Service string
	// ExternalName is the host name that the server makes that Service point to. Empty: it leaves the
	// Service alone.
	ExternalName string
	// InjectCAFrom is the namespace/name of a Certificate of cert-manager, which puts its authority into the APIServices.
	InjectCAFrom string
	// CAFile holds the certificates that verify the serving certificate, when that comes from a file.
	CAFile string
}

func newRegistrationOptions() RegistrationOptions {
	return RegistrationOptions{Keep: true, Service: "hookplane-system/hookplane"}
}

func (o *RegistrationOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.Register, "register-apiservice", o.Register,
		"Keep the APIServices v1alpha1.metacontroller.k8s.io and v1alpha1.admission.metacontroller.k8s.io of the host cluster, which make it forward requests to this server.")
	flags.BoolVar(&o.Keep, "keep-apiservice", o.Keep,
		"Leave the APIServices when the server ends, for other replicas or a restart. With false they are removed first, with the webhook configuration of the initializers, so that clients do not wait for a server that is gone; objects stay stored.")
	flags.StringVar(&o.Service, "apiservice-service", o.Service,
		"Service (namespace/name) that leads the host cluster to this server. The serving certificate must be valid for <name>.<namespace>.svc. ControllerRevisions of cluster-scoped parents are kept in its namespace.")
	flags.StringVar(&o.ExternalName, "apiservice-external-name", o.ExternalName,
		"Host name of this machine as the host cluster sees it, such as localhost. The server then makes that Service (and its namespace) itself, of type ExternalName.")
	flags.StringVar(&o.CAFile, "apiservice-ca-file", o.CAFile,
		"File with the certificates (PEM) that verify the one of --tls-cert-file. Not needed for a generated certificate.")
	flags.StringVar(&o.InjectCAFrom, "apiservice-inject-ca-from", o.InjectCAFrom,
		"Certificate (namespace/name) of cert-manager whose authority its CA injector is to keep in the APIServices, by their annotation cert-manager.io/inject-ca-from. The Secret of that Certificate is mounted for --tls-cert-file.")
	flags.BoolVar(&o.TakeOver, "take-over-apiservice", o.TakeOver,
		"Register even if the API is served already, by the CustomResourceDefinitions of a Metacontroller or by another Service: their objects cannot be seen while hookplane is registered. Without this flag the server refuses to start then.")
}

func (o *RegistrationOptions) validate() []error {
	var errs []error
	if err := o.validateService(); err != nil {
		errs = append(errs, err)
	}
	if o.ExternalName != "" {
		if problems := validation.IsDNS1123Subdomain(o.ExternalName); len(problems) > 0 {
			errs = append(errs, fmt.Errorf("--apiservice-external-name %q is not a host name: %s", o.ExternalName, strings.Join(problems, "; ")))
		}
	}
	if namespace, name, _ := strings.Cut(o.InjectCAFrom, "/"); o.InjectCAFrom != "" && (len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0) {
		errs = append(errs, fmt.Errorf("--apiservice-inject-ca-from must be the namespace/name of a Certificate, not %q", o.InjectCAFrom))
	}
	if o.CAFile != "" {
		if _, err := certutil.CertsFromFile(o.CAFile); err != nil {
			errs = append(errs, fmt.Errorf("--apiservice-ca-file: %w", err))
		}
	}
	return append(errs, o.validateRegister()...)
}

// validateRegister refuses what has no effect without a registration.
func (o *RegistrationOptions) validateRegister() []error {
	if o.Register {
		return nil
	}
	var errs []error
	for _, flag := range []struct {
		name string
		set  bool
	}{
		{"--keep-apiservice=false", !o.Keep},
		{"--apiservice-external-name", o.ExternalName != ""},
		{"--apiservice-ca-file", o.CAFile != ""},
		{"--apiservice-inject-ca-from", o.InjectCAFrom != ""},
		{"--take-over-apiservice", o.TakeOver},
	} {
		if flag.set {
			errs = append(errs, fmt.Errorf("%s needs --register-apiservice", flag.name))
		}
	}
	return errs
}

func (o *RegistrationOptions) validateService() error {
	namespace, name, found := strings.Cut(o.Service, "/")
	if !found || len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1035Label(name)) > 0 {
		return fmt.Errorf("--apiservice-service must be the namespace/name of a Service, not %q", o.Service)
	}
	return nil
}

// service returns the validated name of the Service.
func (o *RegistrationOptions) service() types.NamespacedName {
	namespace, name, _ := strings.Cut(o.Service, "/")
	return types.NamespacedName{Namespace: namespace, Name: name}
}

// host is the name that the host cluster verifies the serving certificate for.
func (o *RegistrationOptions) host() string {
	service := o.service()
	return service.Name + "." + service.Namespace + ".svc"
}

// registrar returns what registers the server that listens as serving says; nil when nothing does.
func (o *RegistrationOptions) registrar(host *rest.Config, serving *ServingOptions) (*registration.Registrar, error) {
	if !o.Register {
		return nil, nil
	}
	return registration.New(host, registration.Config{
		GroupVersions: []schema.GroupVersion{v1alpha1.SchemeGroupVersion, initializer.GroupVersion},
		Service:       o.service(),
		ExternalName:  o.ExternalName,
		Port:          serving.port(),
		CABundle:      func() ([]byte, error) { return o.caBundle(serving) },
		InjectCAFrom:  o.InjectCAFrom,
		TakeOver:      o.TakeOver,
	})
}

// caBundle returns what verifies the serving certificate: the file given for that, the authorities of the one that replicas share,
// or the authority of the generated certificate, which stands behind it. Nil: the CA injector knows.
func (o *RegistrationOptions) caBundle(serving *ServingOptions) ([]byte, error) {
	if o.CAFile != "" {
		bundle, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("cannot read --apiservice-ca-file: %w", err)
		}
		return bundle, nil
	}
	if serving.keeper != nil {
		return serving.keeper.CABundle(), nil
	}
	if serving.ServerCert.CertKey.CertFile != "" {
		return nil, nil
	}
	chain, _ := serving.ServerCert.GeneratedCert.CurrentCertKeyContent()
	certificates, err := certutil.ParseCertsPEM(chain)
	if err != nil {
		return nil, fmt.Errorf("cannot read the serving certificate: %w", err)
	}
	authorities := slices.DeleteFunc(certificates, func(c *x509.Certificate) bool { return !c.IsCA })
	return certutil.EncodeCertificates(authorities...)
}
