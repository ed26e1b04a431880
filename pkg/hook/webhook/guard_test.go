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
	"net/netip"
	"strings"
	"testing"
)

func TestGuardCheck(t *testing.T) {
	tests := map[string]struct {
		address string
		allowed string
		want    string // "": may be connected to
	}{
		"Public":              {address: "192.0.2.1"},
		"Private":             {address: "10.96.0.10"},
		"PrivateIPv6":         {address: "fd12::1"},
		"Loopback":            {address: "127.0.0.1", want: "loopback"},
		"LoopbackOther":       {address: "127.8.9.10", want: "loopback"},
		"LoopbackIPv6":        {address: "::1", want: "loopback"},
		"LoopbackMapped":      {address: "::ffff:127.0.0.1", want: "loopback"},
		"LoopbackNAT64":       {address: "64:ff9b::7f00:1", want: "loopback"},
		"PublicNAT64":         {address: "64:ff9b::c000:201"},
		"LinkLocal":           {address: "169.254.1.1", want: "link-local"},
		"LinkLocalIPv6":       {address: "fe80::1", want: "link-local"},
		"LinkLocalZone":       {address: "fe80::1%eth0", want: "link-local"},
		"Unspecified":         {address: "0.0.0.0", want: "unspecified"},
		"ThisNetwork":         {address: "0.1.2.3", want: "unspecified"},
		"UnspecifiedIPv6":     {address: "::", want: "unspecified"},
		"Multicast":           {address: "224.0.0.1", want: "multicast"},
		"MulticastIPv6":       {address: "ff02::1", want: "multicast"},
		"Broadcast":           {address: "255.255.255.255", want: "broadcast"},
		"Metadata":            {address: "169.254.169.254", want: "metadata"},
		"MetadataMapped":      {address: "::ffff:169.254.169.254", want: "metadata"},
		"MetadataNAT64":       {address: "64:ff9b::a9fe:a9fe", want: "metadata"},
		"MetadataIPv6":        {address: "fd00:ec2::254", want: "metadata"},
		"MetadataAlibaba":     {address: "100.100.100.200", want: "metadata"},
		"AllowedLoopback":     {address: "127.0.0.1", allowed: "127.0.0.0/8"},
		"AllowedMapped":       {address: "::ffff:127.0.0.1", allowed: "127.0.0.0/8"},
		"AllowedZone":         {address: "fe80::1%eth0", allowed: "fe80::/10"},
		"AllowedMetadata":     {address: "169.254.169.254", allowed: "169.254.169.254/32"},
		"AllowedOtherAddress": {address: "127.0.0.1", allowed: "127.0.0.2/32", want: "loopback"},
		"AllowedOtherFamily":  {address: "::1", allowed: "127.0.0.0/8", want: "loopback"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var g guard
			if tc.allowed != "" {
				g.allowed = append(g.allowed, netip.MustParsePrefix(tc.allowed))
			}
			err := g.check(netip.MustParseAddr(tc.address))
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("check(%s) = %v, want nil", tc.address, err)
			case tc.want != "" && err == nil:
				t.Errorf("check(%s) = nil, want it refused as %s", tc.address, tc.want)
			case tc.want != "" && !strings.Contains(err.Error(), tc.want):
				t.Errorf("check(%s) = %v, want it refused as %s", tc.address, err, tc.want)
			}
		})
	}
}

func TestGuardControlRefusesWhatItCannotRead(t *testing.T) {
	if err := (guard{}).control(t.Context(), "tcp", "not an address", nil); err == nil {
		t.Error("control() = nil, want an error")
	}
}
