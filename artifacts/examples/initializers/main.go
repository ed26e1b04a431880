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

// Initializers is a hook with three functions for InitializerControllers: one adds a sidecar to Pods, one replaces the tags of
// their images by digests, and one gives objects the labels of the team that their namespace belongs to.
package main

import (
	"flag"
	"net/http"
	"os"

	"github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/artifacts/examples/hookserver"
)

// initializer changes the request's object, or answers an error that refuses it.
type initializer func(request *hook.InitializeRequest) error

func main() {
	digests := flag.String("digests", "digests", "`folder` with the digests of images, as a mounted ConfigMap has it")
	teams := flag.String("teams", "teams", "`folder` with the labels of teams, as a mounted ConfigMap has it")
	hookserver.Main(func(string) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("POST /sidecar", handler(addSidecar))
		mux.Handle("POST /pin", handler(pinImages(os.DirFS(*digests))))
		mux.Handle("POST /labels", handler(addTeamLabels(os.DirFS(*teams))))
		return mux
	})
}
