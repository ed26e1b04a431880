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

package embedded

import (
	"runtime"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap/zapcore"
)

// failures holds the first reason why etcd cannot serve. It is the hook of etcd's logger for the levels
// that are meant to end the process: an embedding program must end in order.
type failures struct {
	ch chan error
}

var _ zapcore.CheckWriteHook = &failures{}

func newFailures() *failures {
	return &failures{ch: make(chan error, 1)}
}

// report keeps the first error; what comes after follows from it.
func (f *failures) report(err error) {
	select {
	case f.ch <- err:
	default:
	}
}

// OnWrite implements zapcore.CheckWriteHook. It does not return, as callers of Fatal and Panic expect.
func (f *failures) OnWrite(checked *zapcore.CheckedEntry, fields []zapcore.Field) {
	f.report(failure(checked.Entry, fields))
	runtime.Goexit()
}

// forward reports what etcd says of its listeners, until etcd is closed.
func (f *failures) forward(etcd *embed.Etcd) {
	select {
	case err, ok := <-etcd.Err():
		if ok {
			f.report(err)
		}
	case <-etcd.Server.StopNotify():
	}
}
