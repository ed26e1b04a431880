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

package decorator

import (
	"context"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/hookplane/hookplane/pkg/apply"
	"github.com/hookplane/hookplane/pkg/controller/wakeup"
)

// applyObject writes what differs of the object itself: all but a status with its own subresource in one write. Finalized takes our
// finalizer off. It returns the fingerprint of the last status write that changed nothing.
func (c *controller) applyObject(ctx context.Context, x *exchange, finalized bool) (settledStatus uint64, err error) {
	o := x.observation
	settledStatus = o.memory.settledStatus
	version, rivalry := c.decorate(ctx, x, finalized)
	if rivalry != nil && version == "" {
		return settledStatus, rivalry
	}
	status := x.plan.Status
	switch {
	case status == nil || finalized && o.object.Deleting() && len(o.object.Finalizers) == 1: // and nothing is left of it
		return settledStatus, rivalry
	case x.plan.StatusPatch == nil:
		version, err = c.config.Applier.Status(ctx, c.applyTarget(o), o.object.UID, status.Status)
		if apierrors.IsNotFound(err) {
			return settledStatus, rivalry // the object is gone; the watch will tell
		}
		if err != nil {
			return settledStatus, errors.Join(rivalry, err)
		}
		x.wrote(version, !c.ignoresStatus(o.target.number, o.object))
		x.changed(version, "status")
	}
	if version == o.object.ResourceVersion {
		settledStatus = status.Fingerprint
	}
	return settledStatus, rivalry
}

// decorate makes the one write to the object. The version is empty when it failed, and the observed one when there was nothing to
// write. An error with a version is about keys that other decorators hold.
func (c *controller) decorate(ctx context.Context, x *exchange, finalized bool) (version string, err error) {
	o := x.observation
	d := apply.Decoration{
		Target: c.applyTarget(o), UID: o.object.UID, FieldManager: c.manager,
		Labels: x.plan.Labels, Annotations: x.plan.Annotations, Status: x.plan.StatusPatch,
	}
	if finalized {
		d.Finalizers = c.unmarked(o)
	}
	if d.Finalizers != nil || d.Status != nil {
		d.ResourceVersion = o.object.ResourceVersion
	}
	rivalry, err := c.yield(ctx, o, &d)
	if err != nil {
		return "", err
	}
	if len(d.Labels)+len(d.Annotations) == 0 && d.Finalizers == nil && d.Status == nil {
		return o.object.ResourceVersion, rivalry
	}
	onlyStatus := len(d.Labels)+len(d.Annotations) == 0 && d.Finalizers == nil
	c.noteDecorated(o.target, !onlyStatus)
	version, err = c.config.Applier.Decorate(ctx, d)
	if apierrors.IsNotFound(err) {
		return o.object.ResourceVersion, nil // the object is gone; the watch will tell
	}
	if err != nil {
		return "", errors.Join(rivalry, err)
	}
	x.wrote(version, !onlyStatus || !c.ignoresStatus(o.target.number, o.object))
	x.changed(version, pathsOf(&d)...)
	return version, rivalry
}

// setFinalizers replaces the object's finalizers and nothing else.
func (c *controller) setFinalizers(ctx context.Context, x *exchange, finalizers []string) error {
	o := x.observation
	c.noteDecorated(o.target, true)
	version, err := c.config.Applier.SetFinalizers(ctx, c.applyTarget(o), o.object.UID, o.object.ResourceVersion, finalizers)
	if apierrors.IsNotFound(err) {
		return nil // the object is gone; the watch will tell
	}
	if err != nil {
		return err
	}
	x.wrote(version, true)
	return nil
}

// wrote notes a write to the object itself, so that its echo is recognised.
func (x *exchange) wrote(version string, matters bool) {
	x.writes = append(x.writes, wakeup.Write{Object: x.observation.target.shown(), ResourceVersion: version, Matters: matters})
}

// changed notes what of the object a write changed, for people, unless the server found nothing to change.
func (x *exchange) changed(version string, paths ...string) {
	if version != x.observation.object.ResourceVersion {
		x.written = append(x.written, paths...)
	}
}

// pathsOf returns what a decoration is about, sorted.
func pathsOf(d *apply.Decoration) []string {
	paths := make([]string, 0, len(d.Labels)+len(d.Annotations)+1)
	for key := range d.Labels {
		paths = append(paths, "metadata.labels["+key+"]")
	}
	for key := range d.Annotations {
		paths = append(paths, "metadata.annotations["+key+"]")
	}
	slices.Sort(paths)
	if d.Status != nil {
		paths = append(paths, "status")
	}
	return paths
}

// unmarked returns the object's finalizers without ours, never nil.
func (c *controller) unmarked(o *observation) []string {
	kept := make([]string, 0, len(o.object.Finalizers))
	return append(kept, slices.DeleteFunc(slices.Clone(o.object.Finalizers), func(f string) bool { return f == c.finalizer })...)
}

func (c *controller) applyTarget(o *observation) apply.Target {
	return apply.Target{
		GroupVersionResource: o.resource.GroupVersionResource, Kind: o.resource.Kind, Namespace: o.object.Namespace, Name: o.object.Name,
	}
}
