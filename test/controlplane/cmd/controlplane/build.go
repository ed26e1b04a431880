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
	"context"
	"fmt"
	"io"

	"github.com/hookplane/hookplane/test/controlplane"
	"github.com/hookplane/hookplane/test/controlplane/internal/assets"
)

// build prints the folder of the programs as the only line on stdout.
func build(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := newFlagSet("build", stderr)
	if err := parse(flags, args); err != nil {
		return err
	}
	folder, err := locate(ctx, stderr)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, folder)
	return err
}

func locate(ctx context.Context, stderr io.Writer) (string, error) {
	locator, err := assets.NewLocator(controlplane.Sources, stderr)
	if err != nil {
		return "", err
	}
	return locator.Locate(ctx)
}
