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

// Command hookplane is the API server of metacontroller.k8s.io and runs the controllers that its objects
// describe. See pkg/server for the command line.
package main

import (
	"fmt"
	"os"
	"strings"

	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/hookplane/hookplane/pkg/server"
)

func main() {
	ctx := genericapiserver.SetupSignalContext()
	if err := server.NewCommand().ExecuteContext(ctx); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintln(os.Stderr, "hookplane:", line)
		}
		os.Exit(1)
	}
}
