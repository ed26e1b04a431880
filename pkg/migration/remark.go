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

package migration

import (
	"fmt"
	"net/netip"
	"net/url"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// Differences returns what Hookplane does otherwise than Metacontroller for a controller, as far as its spec tells, one sentence each.
func (o *Object) Differences() []string {
	var differences []string
	for path, hook := range hooksOf(o.Stored) {
		if hook == nil || hook.Webhook == nil {
			continue
		}
		if target, err := url.Parse(hook.Webhook.URL); err == nil && isLocal(target.Hostname()) {
			differences = append(differences, fmt.Sprintf("%s: %s is called only with --hook-allowed-cidrs: such addresses are the server's own, or a cloud's",
				path, target.Hostname()))
		}
	}
	return differences
}

// hooksOf returns the hooks of a controller, in a fixed order.
func hooksOf(object runtime.Object) func(yield func(string, *metacontroller.Hook) bool) {
	return func(yield func(string, *metacontroller.Hook) bool) {
		var sync, finalize, customize *metacontroller.Hook
		switch controller := object.(type) {
		case *metacontroller.CompositeController:
			if hooks := controller.Spec.Hooks; hooks != nil {
				sync, finalize, customize = hooks.Sync, hooks.Finalize, hooks.Customize
			}
		case *metacontroller.DecoratorController:
			if hooks := controller.Spec.Hooks; hooks != nil {
				sync, finalize, customize = hooks.Sync, hooks.Finalize, hooks.Customize
			}
		}
		_ = yield("spec.hooks.sync", sync) && yield("spec.hooks.finalize", finalize) && yield("spec.hooks.customize", customize)
	}
}

// isLocal reports whether a host is one that hooks may not have unless that is allowed.
func isLocal(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && (address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsUnspecified())
}
