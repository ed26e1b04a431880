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
	"fmt"
	"net/netip"
	"syscall"
)

// AddressError says that a hook's host is at an address that hooks may not be called at.
type AddressError struct {
	// Address is what the host resolved to.
	Address netip.Addr
	// Kind says what the address is, such as "a loopback address".
	Kind string
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("%s is %s, where hooks may not be called unless --hook-allowed-cidrs has it", e.Address, e.Kind)
}

// guard decides which addresses may be connected to.
type guard struct {
	allowed []netip.Prefix // beside all that are not refused
}

// control is a net.Dialer's ControlContext: it sees each address right before it is connected to, after name resolution,
// so that a name cannot change its meaning in between.
func (g guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	endpoint, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("cannot tell whether hooks may be called at %q: %w", address, err)
	}
	return g.check(endpoint.Addr())
}

// check returns an *AddressError for an address that is refused.
func (g guard) check(address netip.Addr) error {
	address = address.Unmap().WithZone("")
	kind := refusedKind(embeddedIPv4(address))
	if kind == "" {
		return nil
	}
	for _, prefix := range g.allowed {
		if prefix.Contains(address) {
			return nil
		}
	}
	return &AddressError{Address: address, Kind: kind}
}

// refusedKind says why an address is refused; "" when it is not.
func refusedKind(address netip.Addr) string {
	switch {
	case isMetadata(address):
		return "a cloud metadata address"
	case address.IsLoopback():
		return "a loopback address"
	case address.IsLinkLocalUnicast():
		return "a link-local address"
	case address.IsMulticast():
		return "a multicast address"
	case address.IsUnspecified(), thisNetwork.Contains(address):
		return "an unspecified address"
	case address == broadcast:
		return "a broadcast address"
	default:
		return ""
	}
}

var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")
	broadcast   = netip.MustParseAddr("255.255.255.255")
	// nat64 is the well-known prefix whose last four bytes are an IPv4 address. RFC 6052.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// isMetadata reports whether a cloud's instances find their metadata, and with it credentials, at address.
func isMetadata(address netip.Addr) bool {
	switch address.String() {
	case "169.254.169.254", // most clouds
		"169.254.170.2", "169.254.170.23", "fd00:ec2::23", // AWS: credentials of containers
		"fd00:ec2::254",   // AWS
		"fd20:ce::254",    // Google Cloud
		"fd00:42::42",     // Scaleway
		"168.63.129.16",   // Azure
		"100.100.100.200", // Alibaba Cloud
		"192.0.0.192":     // Oracle Cloud
		return true
	default:
		return false
	}
}

// embeddedIPv4 returns the IPv4 address that a NAT64 gateway would connect to, else address itself.
func embeddedIPv4(address netip.Addr) netip.Addr {
	if !nat64.Contains(address) {
		return address
	}
	bytes := address.As16()
	return netip.AddrFrom4([4]byte(bytes[12:]))
}
