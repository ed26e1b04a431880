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
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

// target is where a webhook is.
type target struct {
	// url is called and sent as such, also when the service is resolved through the API. scheme and host, with its port if
	// it names one, are parts of it.
	url, scheme, host string
	// name is url without its query, which may hold secrets: what errors, metrics and traces say.
	name string
	// service says that the host is a Service's name.namespace.
	service bool
}

// targetOf returns where spec says the hook is: its url, else its service and path. docs/protocol.md §1.
func targetOf(spec *v1alpha1.Webhook) (target, error) {
	switch {
	case spec.URL != "":
		return urlTarget(spec.URL)
	case spec.Service != nil:
		return serviceTarget(spec.Service, spec.Path)
	default:
		return target{}, errors.New("url: neither url nor service is set")
	}
}

func urlTarget(raw string) (target, error) {
	parsed, err := url.Parse(raw)
	switch {
	case err != nil:
		if parseErr, ok := errors.AsType[*url.Error](err); ok {
			err = parseErr.Err // without the URL, whose credentials nobody could cut out
		}
		return target{}, fmt.Errorf("url: %w", err)
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return target{}, fmt.Errorf("url: scheme %q is neither http nor https", parsed.Scheme)
	case parsed.Hostname() == "":
		return target{}, errors.New("url: the host is missing")
	case parsed.User != nil:
		return target{}, errors.New("url: credentials do not belong into it")
	}
	return target{url: parsed.String(), scheme: parsed.Scheme, host: parsed.Host, name: withoutSecrets(*parsed)}, nil
}

// withoutSecrets returns a URL without what may hold secrets: credentials, query and fragment.
func withoutSecrets(u url.URL) string {
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

func serviceTarget(service *v1alpha1.ServiceReference, path string) (target, error) {
	if service.Name == "" || service.Namespace == "" {
		return target{}, errors.New("service: name and namespace are required")
	}
	protocol := service.Protocol
	if protocol == "" {
		protocol = v1alpha1.ServiceProtocol(metacontroller.DefaultServiceProtocol)
	}
	port := strconv.Itoa(int(ptr.Deref(service.Port, metacontroller.DefaultServicePort)))
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	found, err := urlTarget(string(protocol) + "://" + net.JoinHostPort(service.Name+"."+service.Namespace, port) + path)
	if err != nil {
		return target{}, fmt.Errorf("service: %w", err)
	}
	found.service = true
	return found, nil
}
