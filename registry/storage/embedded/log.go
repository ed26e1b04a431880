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
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
)

// unimportant is a warning of every start, about a danger that a socket in a private folder does not have.
const unimportant = "Running http and grpc server on single port. This is not recommended for production."

// newZapLogger returns a logger for s that writes warnings and worse to logger while s serves: what goes
// wrong at the start is told by the error of Start, and at the end each listener complains. Where etcd would
// end the process (Fatal) or panic (Panic), the logger reports the failure and ends the goroutine.
func newZapLogger(logger klog.Logger, s *Server) *zap.Logger {
	core := &klogCore{logger: logger, serving: &s.serving}
	return zap.New(core, zap.WithFatalHook(s.failures), zap.WithPanicHook(s.failures))
}

// klogCore is a zapcore.Core that hands entries to klog.
type klogCore struct {
	logger klog.Logger
	fields []zapcore.Field
	// serving says whether to write at all.
	serving *atomic.Bool
}

var _ zapcore.Core = &klogCore{}

// Enabled implements zapcore.LevelEnabler.
func (c *klogCore) Enabled(level zapcore.Level) bool {
	return level >= zapcore.WarnLevel && c.serving.Load()
}

// With implements zapcore.Core.
func (c *klogCore) With(fields []zapcore.Field) zapcore.Core {
	return &klogCore{logger: c.logger, fields: slices.Concat(c.fields, fields), serving: c.serving}
}

// Check implements zapcore.Core.
func (c *klogCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	// The hooks of Panic and Fatal report those entries: logging them too would tell them twice.
	if !c.Enabled(entry.Level) || entry.Level >= zapcore.DPanicLevel || entry.Message == unimportant {
		return checked
	}
	return checked.AddCore(entry, c)
}

// Write implements zapcore.Core.
func (c *klogCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	keysAndValues := flatten(slices.Concat(c.fields, fields))
	if entry.Level >= zapcore.ErrorLevel {
		c.logger.Error(nil, entry.Message, keysAndValues...)
		return nil
	}
	c.logger.Info(entry.Message, append(keysAndValues, "level", entry.Level.String())...)
	return nil
}

// Sync implements zapcore.Core; klog flushes by itself.
func (c *klogCore) Sync() error {
	return nil
}

// flatten turns zap's fields into klog's keys and values, sorted by key.
func flatten(fields []zapcore.Field) []any {
	encoder := zapcore.NewMapObjectEncoder()
	for _, field := range fields {
		field.AddTo(encoder)
	}
	keysAndValues := make([]any, 0, 2*len(encoder.Fields)+2)
	for _, key := range slices.Sorted(maps.Keys(encoder.Fields)) {
		keysAndValues = append(keysAndValues, key, encoder.Fields[key])
	}
	return keysAndValues
}

// failure makes one error of a log entry.
func failure(entry zapcore.Entry, fields []zapcore.Field) error {
	var message strings.Builder
	message.WriteString(entry.Message)
	for _, field := range fields {
		if err, ok := field.Interface.(error); ok && field.Type == zapcore.ErrorType {
			message.WriteString(": " + err.Error())
		}
	}
	return errors.New(message.String())
}
