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

package etag

import (
	"container/list"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// defaultMaxBytes and defaultMaxEntries are the limits of a Cache that is given none.
	defaultMaxBytes   = 128 << 20
	defaultMaxEntries = 1 << 16
	// maxETag is the longest ETag that is remembered.
	maxETag = 1 << 10
	// entryOverhead is about what an entry takes beside its answer, in bytes.
	entryOverhead = 512
	// share is the part of the bytes that one answer may take: one in so many.
	share = 4
)

// Cache has the remembered answers of all hooks. It may be used concurrently.
type Cache struct {
	maxBytes, maxEntries int

	mu      sync.Mutex
	bytes   int
	recent  *list.List // of *entry; the one that was used last is in front
	entries map[*Hook]map[types.UID]*list.Element
}

// entry is a remembered answer.
type entry struct {
	hook   *Hook
	parent types.UID
	etag   string
	body   []byte
	stored time.Time
}

func (e *entry) size() int { return len(e.body) + len(e.etag) + entryOverhead }

// NewCache returns an empty cache that holds at most so much; 0 means the default.
func NewCache(maxBytes, maxEntries int) *Cache {
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	if maxEntries <= 0 {
		maxEntries = defaultMaxEntries
	}
	return &Cache{maxBytes: maxBytes, maxEntries: maxEntries, recent: list.New(), entries: map[*Hook]map[types.UID]*list.Element{}}
}

// get returns what is remembered for a parent, unless it was stored before oldest.
func (c *Cache) get(hook *Hook, parent types.UID, oldest time.Time) (etag string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.entries[hook][parent]
	if found == nil {
		return "", nil
	}
	e := valueOf(found)
	if e.stored.Before(oldest) {
		c.remove(found)
		return "", nil
	}
	c.recent.MoveToFront(found)
	return e.etag, e.body
}

// put replaces what is remembered for a parent. Without an ETag, and for answers that are too large, nothing is.
func (c *Cache) put(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.entries[e.hook][e.parent]; last != nil {
		c.remove(last)
	}
	if e.etag == "" || len(e.etag) > maxETag || e.size() > c.maxBytes/share || e.hook.closed {
		return
	}
	if c.entries[e.hook] == nil {
		c.entries[e.hook] = map[types.UID]*list.Element{}
	}
	c.entries[e.hook][e.parent] = c.recent.PushFront(e)
	c.bytes += e.size()
	for c.bytes > c.maxBytes || c.recent.Len() > c.maxEntries {
		c.remove(c.recent.Back())
	}
}

// forget drops what is remembered for a parent.
func (c *Cache) forget(hook *Hook, parent types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.entries[hook][parent]; found != nil {
		c.remove(found)
	}
}

// expire drops what was stored before oldest.
func (c *Cache) expire(hook *Hook, oldest time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, found := range c.entries[hook] {
		if valueOf(found).stored.Before(oldest) {
			c.remove(found)
		}
	}
}

// setClosed says whether the hook may remember answers. When it is closed, all that is remembered is dropped.
func (c *Cache) setClosed(hook *Hook, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hook.closed = closed
	if closed {
		for _, found := range c.entries[hook] {
			c.remove(found)
		}
	}
}

// remove drops an entry. The caller holds mu.
func (c *Cache) remove(found *list.Element) {
	e := valueOf(found)
	c.recent.Remove(found)
	c.bytes -= e.size()
	delete(c.entries[e.hook], e.parent)
	if len(c.entries[e.hook]) == 0 {
		delete(c.entries, e.hook)
	}
}

func valueOf(element *list.Element) *entry {
	e, _ := element.Value.(*entry) // nothing else is put into the list
	return e
}
