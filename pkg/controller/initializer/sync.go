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

package initializer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	hookapi "github.com/hookplane/hookplane/apis/hook"
	"github.com/hookplane/hookplane/pkg/initialization"
)

const (
	// eventInitializeError is the reason of events about objects that could not be completed. docs/protocol.md §8.
	eventInitializeError = "InitializeError"
	// maxEventMessage is what the events API accepts.
	maxEventMessage = 1024

	operation = "CREATE"
)

// hopelessError says that trying again soon does not help.
type hopelessError struct{ err error }

func (e *hopelessError) Error() string { return e.err.Error() }

func (e *hopelessError) Unwrap() error { return e.err }

// sync calls the first initializer that an object waits for and writes what it answers. The watch brings the object back when
// it waits for another.
func (c *Controller) sync(ctx context.Context, k key) error {
	version, watched := c.watchedVersion(k.resource)
	if !watched || !c.isWaiting(k) {
		return nil
	}
	resource := k.resource.WithVersion(version)
	object, err := c.read(ctx, resource, k)
	if object == nil {
		return err
	}
	names := initialization.PendingOf(object)
	if len(names) == 0 || initialization.String(object, "metadata", "deletionTimestamp") != "" {
		return nil
	}
	snapshot, release := c.Registry.Use()
	defer release()
	i := snapshot.Find(names[0])
	if i != nil {
		if declared, ok := declaredVersion(i, k.resource); !ok {
			i = nil
		} else if declared != resource {
			resource = declared
			if object, err = c.read(ctx, resource, k); object == nil {
				return err
			}
		}
	}
	completed := initialization.Copy(object)
	initialization.MarkPending(completed, nil, false) // hooks see the object that was created
	if i == nil {
		c.event(ctx, object, fmt.Sprintf("initializer %s does not exist any more for %s: the object goes on without it", names[0], k.resource))
	} else if completed, err = complete(ctx, i, completed, k); err != nil {
		return c.failed(ctx, object, names[0], err)
	}
	if err := c.write(ctx, resource, k, object, completed, names); err != nil {
		return c.notWritten(ctx, object, names[0], err)
	}
	if i != nil {
		c.count(i)
	}
	return nil
}

// complete calls the hook.
func complete(ctx context.Context, i *initialization.Initializer, object initialization.Tree, k key) (initialization.Tree, error) {
	shown, err := initialization.NewObject(object)
	if err != nil {
		return nil, err
	}
	completed, err := i.Complete(ctx, shown, hookapi.InitializeRequestInfo{Operation: operation, Namespace: k.namespace})
	if err != nil {
		return nil, err
	}
	return completed.Tree()
}

// read returns an object, nil when it is gone or cannot be read.
func (c *Controller) read(ctx context.Context, resource schema.GroupVersionResource, k key) (initialization.Tree, error) {
	raw, err := c.Objects.Get(ctx, resource, k.namespace, k.name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s %s: %w", resource.Resource, klog.KRef(k.namespace, k.name), err)
	}
	object, err := initialization.Decode(raw)
	if err != nil {
		return nil, err
	}
	initialization.DropManagedFields(object)
	return object, nil
}

// declaredVersion returns the resource type in the version that the initializer wants it.
func declaredVersion(i *initialization.Initializer, resource schema.GroupResource) (schema.GroupVersionResource, bool) {
	for _, declared := range i.Resources {
		if declared.GroupResource() == resource {
			return declared, true
		}
	}
	return schema.GroupVersionResource{}, false
}

// write makes the object what the first of names has answered, and takes that name off. An object that has changed since it was
// read is a conflict.
func (c *Controller) write(ctx context.Context, resource schema.GroupVersionResource, k key, read, completed initialization.Tree, names []string) error {
	if names = names[1:]; len(names) > 0 {
		initialization.MarkPending(completed, names, initialization.Gated(read))
	}
	metadata, _ := completed["metadata"].(initialization.Tree)
	was, _ := read["metadata"].(initialization.Tree)
	metadata["resourceVersion"] = was["resourceVersion"]
	return c.Objects.Update(ctx, resource, k.namespace, k.name, initialization.Encode(completed))
}

// failed tells of a hook that did not complete an object.
func (c *Controller) failed(ctx context.Context, object initialization.Tree, name string, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if refusal, ok := errors.AsType[*initialization.RefusedError](err); ok {
		err = &hopelessError{fmt.Errorf("it refuses the object, which exists already: delete the object, or take %s off its annotation %s: %w",
			name, initialization.PendingAnnotation, refusal)}
	}
	c.event(ctx, object, fmt.Sprintf("initializer %s: %v", name, err))
	return err
}

// notWritten tells of an answer that could not be written.
func (c *Controller) notWritten(ctx context.Context, object initialization.Tree, name string, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err) || ctx.Err() != nil:
		return err
	case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
		err = &hopelessError{fmt.Errorf("the object exists already and cannot be changed as the hook answers: delete it and create it again: %w", err)}
	}
	c.event(ctx, object, fmt.Sprintf("initializer %s: %v", name, err))
	return err
}

func (c *Controller) event(ctx context.Context, object initialization.Tree, message string) {
	if len(message) > maxEventMessage {
		message = strings.ToValidUTF8(message[:maxEventMessage-len("…")], "") + "…"
	}
	c.Recorder.WithLogger(klog.FromContext(ctx)).Event(&corev1.ObjectReference{
		APIVersion: initialization.String(object, "apiVersion"), Kind: initialization.String(object, "kind"),
		Namespace: initialization.String(object, "metadata", "namespace"), Name: initialization.String(object, "metadata", "name"),
		UID: types.UID(initialization.String(object, "metadata", "uid")),
	}, corev1.EventTypeWarning, eventInitializeError, message)
}
