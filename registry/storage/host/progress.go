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

package host

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mark is a version of the host, with what a stream must have delivered before it may tell that it is there.
//
// The host tells by itself how far its watches are, but only once a minute. A mark is the sum of a list instead: at
// the version there were so many records, of which the newest was of such a version. A stream that has delivered as
// much as the newest, and counts as many records, has delivered all of them and no deletion is missing: between the
// newest record and the mark there are only deletions. What it may have missed are records that came and went within
// that time; when the host delivers these afterwards, they are left out, as a list would do.
type mark struct {
	version uint64
	newest  uint64
	count   int
}

// RequestWatchProgress implements storage.Interface: streams that want to know tell their readers up to which version
// they have delivered everything, as soon as they have.
func (s *Store) RequestWatchProgress(ctx context.Context) error {
	streams := s.currentStreams()
	if len(streams) == 0 {
		return nil
	}
	list, err := s.records.listMetadata(ctx, metav1.ListOptions{})
	if err != nil {
		return hostError(err)
	}
	version, err := parseVersion(list.ResourceVersion)
	if err != nil {
		return err
	}
	all := mark{version: version}
	byName := make(map[string]uint64, len(list.Items))
	for i := range list.Items {
		number, err := parseVersion(list.Items[i].ResourceVersion)
		if err != nil {
			return err
		}
		byName[list.Items[i].Name] = number
		all.newest, all.count = max(all.newest, number), all.count+1
	}
	for _, st := range streams {
		switch newest, exists := byName[recordName(st.scope)]; {
		case st.recursive && st.scope == "":
			st.offer(all)
		case st.recursive:
			// Of part of the keys only the host tells: nobody asks for it.
		case exists:
			st.offer(mark{version: version, newest: newest, count: 1})
		default:
			st.offer(mark{version: version})
		}
	}
	return nil
}

// offer replaces a mark that the stream has not taken yet.
func (st *stream) offer(m mark) {
	for {
		select {
		case st.marks <- m:
			return
		default:
		}
		select {
		case <-st.marks:
		default:
		}
	}
}

// tellProgress sends the pending mark if it is due.
func (st *stream) tellProgress(ctx context.Context) error {
	m := st.pending
	switch {
	case m == nil:
		return nil
	case m.version <= st.since: // known already
		st.pending = nil
		return nil
	case st.since < m.newest || st.count != m.count:
		return nil
	}
	return st.advance(ctx, m.version)
}

// advance tells that there is nothing more up to a version.
func (st *stream) advance(ctx context.Context, version uint64) error {
	st.since = version
	if !st.progress {
		return nil
	}
	bookmark, err := st.bookmark(version)
	if err != nil {
		return &finalError{err}
	}
	st.send(ctx, bookmark)
	return nil
}

func (s *Store) addStream(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[st] = struct{}{}
}

func (s *Store) removeStream(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, st)
}

func (s *Store) currentStreams() []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	streams := make([]*stream, 0, len(s.streams))
	for st := range s.streams {
		streams = append(streams, st)
	}
	return streams
}
