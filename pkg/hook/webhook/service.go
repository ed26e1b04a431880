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

package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ServiceResolution says how the host of a hook that is given as a Service is found.
type ServiceResolution string

const (
	// ResolveDNS asks DNS for name.namespace, as a Pod would.
	ResolveDNS ServiceResolution = "dns"
	// ResolveAPI reads the Service object: for a server that runs where the cluster's DNS does not reach.
	ResolveAPI ServiceResolution = "api"
)

// ServiceGetter reads Service objects.
type ServiceGetter interface {
	// GetService returns the Service as it is now. It is called once per new connection.
	GetService(ctx context.Context, namespace, name string) (*corev1.Service, error)
}

// ServiceGetterFunc is a function as a ServiceGetter.
type ServiceGetterFunc func(ctx context.Context, namespace, name string) (*corev1.Service, error)

// GetService implements ServiceGetter.
func (f ServiceGetterFunc) GetService(ctx context.Context, namespace, name string) (*corev1.Service, error) {
	return f(ctx, namespace, name)
}

// dialFunc connects to an address of the form host:port.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dialService returns a dialFunc for addresses of the form name.namespace:port: it connects to what the Service says.
func dialService(services ServiceGetter, dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		name, namespace, _ := strings.Cut(host, ".") // a Service's name has no dot
		service, err := services.GetService(ctx, namespace, name)
		if err != nil {
			return nil, fmt.Errorf("cannot get service %s/%s: %w", namespace, name, err)
		}
		resolved, err := serviceAddress(service, port)
		if err != nil {
			return nil, fmt.Errorf("service %s/%s %w", namespace, name, err)
		}
		return dial(ctx, network, resolved)
	}
}

// serviceAddress returns the host:port at which a Service's port is reached.
func serviceAddress(service *corev1.Service, port string) (string, error) {
	switch ip := service.Spec.ClusterIP; {
	case service.Spec.Type == corev1.ServiceTypeExternalName:
		if service.Spec.ExternalName == "" {
			return "", errors.New("is of type ExternalName and has no externalName")
		}
		return net.JoinHostPort(service.Spec.ExternalName, externalPort(service, port)), nil
	case ip == corev1.ClusterIPNone:
		return "", errors.New("is headless: a hook's service needs a cluster IP when services are resolved through the API")
	case ip == "":
		return "", errors.New("has no cluster IP yet")
	default:
		return net.JoinHostPort(ip, port), nil
	}
}

// externalPort returns the numeric targetPort that an ExternalName Service lists for port, else port. In a cluster nobody
// maps the ports of such a Service, so listing one is how it is said that the port differs out there.
func externalPort(service *corev1.Service, port string) string {
	for _, listed := range service.Spec.Ports {
		if strconv.Itoa(int(listed.Port)) == port && listed.TargetPort.Type == intstr.Int && listed.TargetPort.IntVal != 0 {
			return strconv.Itoa(int(listed.TargetPort.IntVal))
		}
	}
	return port
}
