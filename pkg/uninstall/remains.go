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

package uninstall

import (
	"fmt"
	"io"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hookplane/hookplane/admission/registration"
	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/initialization"
	"github.com/hookplane/hookplane/registry/storage/host"
)

// Why says what an object has to do with Hookplane. The zero value: nothing.
type Why string

// The reasons, in the order in which they are to be done away with.
const (
	// Controller is an object of the API.
	Controller Why = "controllers"
	// Finalizer is somebody's object that cannot be deleted once nobody takes our finalizer off it.
	Finalizer Why = "objects with a finalizer of a controller: they cannot be deleted when the server is gone"
	// Pending is somebody's object that waits for initializers.
	Pending Why = "objects that wait for initializers: they wait for ever when the server is gone"
	// Registration makes kube-apiserver send requests here.
	Registration Why = "registrations: without a server behind them no namespace can be deleted"
	// Record is where our objects are stored.
	Record Why = "stored objects"
	// Shared is what the servers of an installation have in common.
	Shared Why = "what servers share"
	// Manifest was installed by an administrator, or belongs to what was.
	Manifest Why = "what was installed from manifests"
)

var order = []Why{Controller, Finalizer, Pending, Registration, Record, Shared, Manifest}

const (
	// partOfLabel is on all that artifacts/deploy and artifacts/helm install, and on what the server makes beside it.
	partOfLabel = "app.kubernetes.io/part-of"
	// nameLabel is on the servers' Deployments and Pods.
	nameLabel = "app.kubernetes.io/name"
	partOf    = "hookplane"

	// automanagedLabel marks the APIServices of CustomResourceDefinitions: those of a Metacontroller, when they have our group.
	automanagedLabel = "kube-aggregator.kubernetes.io/automanaged"

	admissionGroup = "admission.metacontroller.k8s.io"
)

// Finalizers of parents and targets begin with these, docs/protocol.md §8.
var finalizerPrefixes = []string{"metacontroller.io/compositecontroller-", "metacontroller.io/decoratorcontroller-"}

// registrations are the objects by which kube-apiserver knows us. MutatingWebhookConfigurations follow their APIService by themselves,
// later.
var registrations = []struct {
	schema.GroupResource
	name string
}{
	{mutatingWebhooks.GroupResource(), registration.Name},
	{apiServices.GroupResource(), apiServiceName(v1alpha1.SchemeGroupVersion.Group)},
	{apiServices.GroupResource(), apiServiceName(admissionGroup)},
}

// shared are the objects in the namespace of the servers that these make.
var shared = []struct {
	schema.GroupVersionResource
	name string
}{
	{leases, "hookplane"},
	{secrets, "hookplane-serving-cert"},
}

// apiServiceName is the name of the APIService of a group.
func apiServiceName(group string) string { return v1alpha1.SchemeGroupVersion.Version + "." + group }

// classify says what an object has to do with Hookplane, of which the servers are in a namespace.
func classify(resource schema.GroupResource, object metav1.Object, namespace string) Why {
	isOurs := func(finalizer string) bool {
		return slices.ContainsFunc(finalizerPrefixes, func(prefix string) bool { return strings.HasPrefix(finalizer, prefix) })
	}
	switch {
	case resource.Group == v1alpha1.SchemeGroupVersion.Group:
		return Controller
	case isRegistration(resource, object.GetName()) && object.GetLabels()[automanagedLabel] == "":
		return Registration
	case resource.Group == host.GroupVersion.Group,
		resource == definitions.GroupResource() && strings.HasSuffix(object.GetName(), "."+host.GroupVersion.Group):
		return Record
	case slices.ContainsFunc(object.GetFinalizers(), isOurs):
		return Finalizer
	case object.GetAnnotations()[initialization.PendingAnnotation] != "":
		return Pending
	case object.GetNamespace() == namespace && isShared(resource, object.GetName()):
		return Shared
	case object.GetLabels()[partOfLabel] == partOf:
		return Manifest
	}
	return ""
}

func isRegistration(resource schema.GroupResource, name string) bool {
	for _, known := range registrations {
		if known.GroupResource == resource && known.name == name {
			return true
		}
	}
	return false
}

func isShared(resource schema.GroupResource, name string) bool {
	for _, known := range shared {
		if known.GroupResource() == resource && known.name == name {
			return true
		}
	}
	return false
}

// Object is one that has to do with Hookplane.
type Object struct {
	schema.GroupVersionResource
	Namespace, Name string
}

// String is what kubectl calls it.
func (o Object) String() string {
	name := o.GroupResource().String() + "/" + o.Name
	if o.Namespace != "" {
		name += " in " + o.Namespace
	}
	return name
}

// maxListed bounds how many objects are remembered for each reason; more are counted.
const maxListed = 100

// Remains is what of Hookplane is in a cluster.
type Remains struct {
	listed map[Why][]Object
	counts map[Why]int
	// Unseen are the types that could not be read, and why not.
	Unseen []string
}

func (r *Remains) add(why Why, object Object) {
	if r.counts == nil {
		r.counts, r.listed = map[Why]int{}, map[Why][]Object{}
	}
	if r.counts[why]++; len(r.listed[why]) < maxListed {
		r.listed[why] = append(r.listed[why], object)
	}
}

// Count is how many objects there are, for any of the reasons; for all without one.
func (r *Remains) Count(reasons ...Why) int {
	if len(reasons) == 0 {
		reasons = order
	}
	n := 0
	for _, why := range reasons {
		n += r.counts[why]
	}
	return n
}

// Print writes what there is, in the order in which it is to be removed.
func (r *Remains) Print(w io.Writer) {
	for _, why := range order {
		if r.counts[why] == 0 {
			continue
		}
		fmt.Fprintf(w, "%d %s\n", r.counts[why], why)
		for _, object := range r.listed[why] {
			fmt.Fprintf(w, "  %s\n", object)
		}
		if more := r.counts[why] - len(r.listed[why]); more > 0 {
			fmt.Fprintf(w, "  and %d more\n", more)
		}
	}
	for _, unseen := range r.Unseen {
		fmt.Fprintf(w, "not seen: %s\n", unseen)
	}
}
