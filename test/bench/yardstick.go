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
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// yardstick makes the plain client create as many families as a population has, in a namespace and of a kind of its own, and
// removes them. Nobody else may be at work.
func (b *bench) yardstick(ctx context.Context, parents int) (bareResult, error) {
	var result bareResult
	w, err := b.plainWriter(ctx)
	if err != nil {
		return result, err
	}
	program, err := os.Executable()
	if err != nil {
		return result, err
	}
	job, _ := json.Marshal(bareJob{Kubeconfig: b.controlPlane.Kubeconfig, Name: w.namespace, Parents: parents})
	command := exec.CommandContext(ctx, program, "-bare")
	command.Stdin, command.Stderr = bytes.NewReader(job), os.Stderr
	output, err := command.Output()
	if err != nil {
		return result, fmt.Errorf("the plain client: %w", err)
	}
	if err := json.Unmarshal(output, &result); err != nil {
		return result, err
	}
	return result, b.clear(ctx, w.kind, w.namespace)
}
