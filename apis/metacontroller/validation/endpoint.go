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

package validation

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

func validateEndpointConfigs(configs []metacontroller.EndpointConfig, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[string]()
	for i, config := range configs {
		path := path.Index(i)
		host := strings.ToLower(config.Host)
		switch reason := hostProblem(host); {
		case host == "":
			errs = append(errs, field.Required(path.Child("host"), "must be host or host:port, for example hooks.example.com:8443"))
		case reason != "":
			errs = append(errs, field.Invalid(path.Child("host"), config.Host, reason))
		case seen.Has(host):
			errs = append(errs, field.Duplicate(path.Child("host"), config.Host))
		}
		seen.Insert(host)
		errs = append(errs, validateSecurity(security{
			config.CABundle, config.ClientTLS, config.Authorization, config.BasicAuth,
		}, path)...)
	}
	return errs
}

// hostProblem says what is wrong with host or host:port, where the host is a
// DNS name or an IP address; "" when nothing is.
func hostProblem(host string) string {
	parsed, err := url.Parse("//" + host)
	if err != nil || parsed.Host != host {
		return "must be host or host:port, without scheme, user and path"
	}
	name := parsed.Hostname()
	if net.ParseIP(name) == nil && len(validation.IsDNS1123Subdomain(strings.ToLower(strings.TrimSuffix(name, ".")))) > 0 {
		return "must be a DNS name or an IP address, IPv6 in brackets, with an optional port"
	}
	if !strings.HasSuffix(host, ":"+parsed.Port()) {
		return ""
	}
	port, err := strconv.Atoi(parsed.Port())
	if err != nil || len(validation.IsValidPortNum(port)) > 0 {
		return "must have a port from 1 to 65535 after the colon"
	}
	return ""
}
