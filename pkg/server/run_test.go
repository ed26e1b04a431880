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
	"errors"
	"net"
	"strings"
	"testing"
)

func TestServeEndsWhenStorageFails(t *testing.T) {
	failed := make(chan error, 1)
	failed <- errors.New("disk is gone")
	err := serve(t.Context(), func(ctx context.Context) error {
		<-ctx.Done() // the server is told
		return nil
	}, failed)
	if want := "the storage failed: disk is gone"; err == nil || err.Error() != want {
		t.Errorf("serve gives %v, want %q", err, want)
	}
}

func TestServeReturnsWhatTheServerReturns(t *testing.T) {
	want := errors.New("controllers failed")
	if err := serve(t.Context(), func(context.Context) error { return want }, nil); !errors.Is(err, want) {
		t.Errorf("serve gives %v, want %v", err, want)
	}
}

func TestStorageOptionsOpenUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := "http://" + listener.Addr().String()
	listener.Close()

	_, err = (&StorageOptions{EtcdServers: []string{server}, EtcdPrefix: "/x"}).open(t.Context(), nil, nil, false)
	if want := "cannot reach etcd at " + server + " (see --etcd-servers): "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("open gives %v, want %q", err, want)
	}
}

func TestServingOptionsListenTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	o := newServingOptions()
	address := listener.Addr().(*net.TCPAddr)
	o.BindAddress, o.BindPort = address.IP, address.Port

	err = o.listen(t.Context())
	if err == nil || !strings.Contains(err.Error(), "(see --bind-address and --secure-port)") || !strings.Contains(err.Error(), address.String()) {
		t.Errorf("listen gives %v, want that %s is taken", err, address)
	}
}
