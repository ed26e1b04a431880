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

// Package webhook calls hooks over HTTP: one POST of JSON per call, 200 with JSON as the answer. docs/protocol.md §3.
//
// A [Transport] has the connections, and is shared by all webhooks of a process: whoever starts the controllers creates
// it with [NewTransport], and closes it at the end. Webhooks that call one destination with one TLS identity share its
// connections. A [Webhook] is made by [New] from one hook of one controller, costs next to nothing, and holds nothing until it
// is opened: then it watches what it refers to (package credentials), and keeps its connections until it is closed.
//
// Hooks are named by people who can write controllers, and called from where the server runs. So the transport refuses to
// connect to loopback, link-local, multicast and cloud metadata addresses unless they are allowed, and never follows a
// redirect. The check happens when a connection is made, on the address that name resolution ended with.
//
// Proxies are taken from the environment. With a proxy the address that is checked is the proxy's, and a target given as
// an address is checked before the proxy is asked; what a name means is then up to the proxy, which has to keep rules of
// its own. A proxy on a loopback address has to be allowed like any other target.
//
// The package must not know what requests and answers say. Open webhook.go first.
package webhook
