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

package objects

import (
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"
)

// health knows whether listing and watching a type works. It logs when that changes, and not each of
// many failures in a row.
type health struct {
	logger klog.Logger

	mu  sync.Mutex
	err error
}

// failed records that a request failed, and why.
func (h *health) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// Messages of one reason differ in ports and the like.
	if h.err == nil || apierrors.ReasonForError(h.err) != apierrors.ReasonForError(err) {
		h.logger.Error(err, "Cannot list and watch, retrying")
	}
	h.err = err
}

// recovered records that listing and watching works.
func (h *health) recovered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		h.logger.Info("Listing and watching works again")
	}
	h.err = nil
}

// current returns the last failure, nil when there was none since it last worked.
func (h *health) current() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}
