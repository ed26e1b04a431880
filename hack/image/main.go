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

// Command image writes the container image of hookplane without a container engine: for each platform its binary on a base of four small
// files, an index over them, and a bill of materials for each. The same binaries give the same bytes, everywhere.
//
// The base has what a static program needs and nothing to log in to: an unprivileged user, the certificate authorities that Mozilla trusts
// (as packed for Go, pinned in go.mod) and no shell. Open image.go first. It is a module of its own; hack/build-image.sh runs it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	output := flags.String("output", "", "folder to write to; it must not exist")
	version := flags.String("version", "", "version of hookplane")
	created := flags.Int64("created", 0, "Unix time that the image says it was created at, such as that of the commit")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *output == "" || *version == "" || flags.NArg() == 0 {
		return errors.New("give -output, -version and the binaries: one for each platform")
	}
	digest, err := build(release{version: *version, created: time.Unix(*created, 0).UTC(), binaries: flags.Args()}, *output)
	if err != nil {
		return err
	}
	fmt.Println(digest)
	return nil
}
