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
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookplane/hookplane/pkg/hook/credentials"
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
	// Proxy chooses the proxy of a call. Default: from the environment, as http.ProxyFromEnvironment. Services that are
	// resolved through the API are called without a proxy.
	Proxy func(*http.Request) (*url.URL, error)
}

// Transport has the connections to all hooks of a process. It may be used concurrently.
type Transport struct {
	opts    TransportOptions
	dialer  *net.Dialer
	proxy   func(*http.Request) (*url.URL, error)
	writers sync.Pool // of *gzip.Writer

	mu           sync.Mutex
	destinations map[destination]*connections // those in use
}

// destination is what calls have in common that may share connections.
type destination struct {
	// service says that the host is resolved through the API: it may share its name with what DNS knows.
	service bool
	// scheme and host are as normalHost returns them.
	scheme, host string
	// identity is that of credentials.Credentials.
	identity string
}

// connections are those to one destination.
type connections struct {
	*http.Transport
	owner       *Transport
	destination destination
	users       int // guarded by Transport.mu
	// gzip says that the server has last advertised that requests may be compressed.
	gzip atomic.Bool
}

// NewTransport returns a transport without connections. The caller closes it when no webhook uses it any more.
func NewTransport(opts TransportOptions) (*Transport, error) {
	switch {
	case opts.ServiceResolution == "":
		opts.ServiceResolution = ResolveDNS
	case opts.ServiceResolution == ResolveAPI && opts.Services == nil:
		return nil, errors.New("resolving services through the API needs a client for Services")
	case opts.ServiceResolution != ResolveDNS && opts.ServiceResolution != ResolveAPI:
		return nil, fmt.Errorf("service resolution %q is neither %q nor %q", opts.ServiceResolution, ResolveDNS, ResolveAPI)
	}
	if opts.MaxIdlePerHost <= 0 {
		opts.MaxIdlePerHost = defaultMaxIdlePerHost
	}
	if opts.Proxy == nil {
		opts.Proxy = http.ProxyFromEnvironment
	}
	guard := guard{allowed: slices.Clone(opts.AllowedCIDRs)}
	return &Transport{
		opts:         opts,
		dialer:       &net.Dialer{Timeout: connectTimeout, ControlContext: guard.control},
		proxy:        guard.beforeProxy(opts.Proxy),
		destinations: map[destination]*connections{},
	}, nil
}

// Close closes the connections that are not in use. Those of webhooks that are closed are closed already.
func (t *Transport) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.destinations {
		c.CloseIdleConnections()
	}
}

// acquire returns the connections to a target for whoever has the credentials. The caller releases them.
func (t *Transport) acquire(target target, with *credentials.Credentials) *connections {
	to := destination{
		service: target.service && t.opts.ServiceResolution == ResolveAPI,
		scheme:  target.scheme, host: normalHost(target.scheme, target.host), identity: with.Identity,
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.destinations[to]
	if c == nil {
		c = &connections{Transport: t.newHTTPTransport(to, with), owner: t, destination: to}
		t.destinations[to] = c
	}
	c.users++
	return c
}

// retain is acquire for whoever has the connections already.
func (c *connections) retain() {
	c.owner.mu.Lock()
	defer c.owner.mu.Unlock()
	c.users++
}

// release closes the connections when nobody else uses them.
func (c *connections) release() {
	c.owner.mu.Lock()
	defer c.owner.mu.Unlock()
	if c.users--; c.users == 0 {
		delete(c.owner.destinations, c.destination)
		c.CloseIdleConnections()
	}
}

func (t *Transport) newHTTPTransport(to destination, with *credentials.Credentials) *http.Transport {
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: with.RootCAs}
	if with.Certificate != nil {
		config.Certificates = []tls.Certificate{*with.Certificate}
	}
	transport := &http.Transport{
		DialContext:            t.dialer.DialContext,
		Proxy:                  t.proxy,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true, // a transport with a dialer of its own does not try by itself
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
		MaxIdleConnsPerHost:    t.opts.MaxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	if to.service {
		transport.DialContext, transport.Proxy = dialService(t.opts.Services, t.dialer.DialContext), nil
	}
	return transport
}

// beforeProxy wraps the choice of a proxy: a target given as an address that is refused must not be reached through the
// proxy either, nor one whose name stands for such an address everywhere.
func (g guard) beforeProxy(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(request *http.Request) (*url.URL, error) {
		chosen, err := proxy(request)
		if err != nil || chosen == nil {
			return chosen, err
		}
		if address, ok := hostAddress(request.URL.Hostname()); ok {
			if err := g.check(address); err != nil {
				return nil, err
			}
		} else if isNumber(request.URL.Hostname()) {
			return nil, fmt.Errorf("host %q is an IP address in a form that is not understood: write it with dots and decimal numbers", request.URL.Hostname())
		}
		return chosen, nil
	}
}

// hostAddress returns the address that a host is, or that its name means by definition.
func hostAddress(host string) (netip.Addr, bool) {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	switch {
	case name == "localhost" || strings.HasSuffix(name, ".localhost"): // RFC 6761
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	case name == "metadata.google.internal":
		return netip.AddrFrom4([4]byte{169, 254, 169, 254}), true
	}
	address, err := netip.ParseAddr(host)
	return address, err == nil
}

// isNumber reports whether a resolver may take a host for an IPv4 address, in one of the forms that are not in use any more:
// 127.1, 0x7f000001, 2130706433.
func isNumber(host string) bool {
	last := strings.ToLower(host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:])
	_, err := strconv.ParseUint(strings.TrimSuffix(last, "."), 0, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}
