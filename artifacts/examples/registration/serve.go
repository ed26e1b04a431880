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

package main

import (
	"flag"
	"net/http"
	"time"

	"github.com/hookplane/hookplane/artifacts/examples/hookserver"
)

// registryTimeout is how long one call of the registry may take: less than the timeout of the hook, which waits for it.
const registryTimeout = 3 * time.Second

func main() {
	registryURL := flag.String("registry", "", "`URL` of the registry; one in memory, below /registry, when empty")
	hookserver.Main(func(address string) http.Handler { return hooks(address, *registryURL) })
}

// hooks are where the controller's manifest has them, and the registry in memory.
func hooks(address, registryURL string) http.Handler {
	if registryURL == "" {
		registryURL = "http://" + address + "/registry"
	}
	services := &registrar{records{client: &http.Client{Timeout: registryTimeout}, base: registryURL}}
	mux := http.NewServeMux()
	mux.Handle("POST /sync", hookserver.HandleContext(services.sync))
	mux.Handle("POST /finalize", hookserver.HandleContext(services.finalize))
	mux.Handle("/registry/", http.StripPrefix("/registry", (&registry{}).handler()))
	return mux
}
