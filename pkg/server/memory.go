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

package server

import (
	"context"

	"k8s.io/klog/v2"

	"github.com/hookplane/hookplane/pkg/footprint"
)

// limitMemory keeps the process within what its container may take.
func limitMemory(ctx context.Context) {
	logger := klog.FromContext(ctx)
	limit, err := footprint.Limit()
	switch {
	case err != nil: // it works without
		logger.Info("Cannot read the memory limit of the container: set GOMEMLIMIT instead", "err", err)
	case limit > 0:
		logger.V(2).Info("Keeping below the memory limit", "bytes", limit)
	}
}
