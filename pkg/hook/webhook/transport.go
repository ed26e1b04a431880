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
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

const (
	// connectTimeout bounds resolving and connecting. A hook's own timeout is usually shorter.
	connectTimeout = 30 * time.Second
	// idleTimeout is how long a connection without calls is kept.
	idleTimeout = 90 * time.Second
	// pingAfter is how long an HTTP/2 connection may be silent before it has to prove that it lives, and how long that may take.
	pingAfter = 15 * time.Second
	// maxHeaderBytes bounds the headers of an answer.
	maxHeaderBytes = 64 << 10

	defaultMaxIdlePerHost = 64
	maxIdle               = 1024
)

// TransportOptions say how hooks are reached.
type TransportOptions struct {
	// AllowedCIDRs may be connected to although they are loopback, link-local or otherwise refused.
	AllowedCIDRs []netip.Prefix
	// ServiceResolution says how services are found. Default: ResolveDNS.
	ServiceResolution ServiceResolution
	// Services reads Services; required for ResolveAPI.
	Services ServiceGetter
	// MaxIdlePerHost is how many connections to one host are kept open between calls: as many as there are workers.
	// Default: 64.
	MaxIdlePerHost int
	// RootCAs are the authorities that may sign a hook's certificate. Default: the system's.
	RootCAs *x509.CertPool
	// Proxy chooses the proxy of a call. Default: from the environment, as http.ProxyFromEnvironment. Services that are
	// resolved through the API are called without a proxy.
	Proxy func(*http.Request) (*url.URL, error)
}

// Transport has the connections to all hooks of a process. It may be used concurrently.
type Transport struct {
	// urls and services keep their connections apart, because services resolved through the API may share their hosts'
	// names with what DNS knows. With ResolveDNS they are the same.
	urls, services *http.Transport
}

// NewTransport returns a transport without connections. The caller closes it when no webhook uses it any more.
func NewTransport(opts TransportOptions) (*Transport, error) {
	guard := guard{allowed: slices.Clone(opts.AllowedCIDRs)}
	dialer := &net.Dialer{Timeout: connectTimeout, ControlContext: guard.control}
	proxy := opts.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	urls := newHTTPTransport(opts, dialer.DialContext)
	urls.Proxy = guard.beforeProxy(proxy)
	switch opts.ServiceResolution {
	case ResolveDNS, "":
		return &Transport{urls: urls, services: urls}, nil
	case ResolveAPI:
		if opts.Services == nil {
			return nil, errors.New("resolving services through the API needs a client for Services")
		}
		return &Transport{urls: urls, services: newHTTPTransport(opts, dialService(opts.Services, dialer.DialContext))}, nil
	default:
		return nil, fmt.Errorf("service resolution %q is neither %q nor %q", opts.ServiceResolution, ResolveDNS, ResolveAPI)
	}
}

// Close closes the connections that are not in use, and those of running calls as soon as these end.
func (t *Transport) Close() {
	t.urls.CloseIdleConnections()
	t.services.CloseIdleConnections()
}

// roundTripper returns what reaches a target.
func (t *Transport) roundTripper(target target) http.RoundTripper {
	if target.service {
		return t.services
	}
	return t.urls
}

func newHTTPTransport(opts TransportOptions, dial dialFunc) *http.Transport {
	maxIdlePerHost := opts.MaxIdlePerHost
	if maxIdlePerHost <= 0 {
		maxIdlePerHost = defaultMaxIdlePerHost
	}
	return &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: opts.RootCAs},
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true, // a transport with a dialer of its own does not try by itself
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// beforeProxy wraps the choice of a proxy: a target given as an address that is refused must not be reached through the
// proxy either.
func (g guard) beforeProxy(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(request *http.Request) (*url.URL, error) {
		chosen, err := proxy(request)
		if err != nil || chosen == nil {
			return chosen, err
		}
		if address, err := netip.ParseAddr(request.URL.Hostname()); err == nil {
			if err := g.check(address); err != nil {
				return nil, err
			}
		}
		return chosen, nil
	}
}
