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

package leader

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

var (
	leases      = schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
	errConflict = apierrors.NewConflict(leases, "hookplane", errors.New("changed"))
)

// lease is a Lease in a cluster.
type lease struct {
	mu      sync.Mutex
	version int // 0: it does not exist
	record  resourcelock.LeaderElectionRecord
}

// put changes it as anybody may.
func (l *lease) put(record resourcelock.LeaderElectionRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.version++
	l.record = record
}

func (l *lease) get() resourcelock.LeaderElectionRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record
}

// client is what one candidate sees of it; writes are refused like those of resourcelock.LeaseLock.
type client struct {
	*lease
	identity string
	seen     int
	// during is called while a write is under way.
	during func()
	err    error
}

var _ resourcelock.Interface = &client{}

func (c *client) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == 0 {
		return nil, nil, apierrors.NewNotFound(leases, "hookplane")
	}
	c.seen = c.version
	record := c.record
	raw, err := json.Marshal(record)
	return &record, raw, err
}

func (c *client) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return c.Update(ctx, record)
}

func (c *client) Update(_ context.Context, record resourcelock.LeaderElectionRecord) error {
	if c.during != nil {
		c.during()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return c.err
	case c.seen != c.version:
		return errConflict
	}
	c.version++
	c.seen, c.record = c.version, record
	return nil
}

func (c *client) RecordEvent(string) {}
func (c *client) Identity() string   { return c.identity }
func (c *client) Describe() string   { return "hookplane-system/hookplane" }
