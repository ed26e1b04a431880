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
	"encoding/json"
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

// metadataOnly asks for lists without keys and data.
const metadataOnly = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

// records is a client of the records of one kind. Its methods return the host's errors as they are.
type records struct {
	client     rest.Interface
	kind       Kind
	parameters runtime.ParameterCodec
}

func newRecords(config *rest.Config, kind Kind) (*records, error) {
	scheme := runtime.NewScheme()
	recordKind := kind.recordKind()
	scheme.AddKnownTypeWithName(recordKind, &Record{})
	scheme.AddKnownTypeWithName(GroupVersion.WithKind(recordKind.Kind+"List"), &RecordList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)

	config = rest.CopyConfig(config)
	config.GroupVersion, config.APIPath = &GroupVersion, "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the host cluster: %w", err)
	}
	return &records{client: client, kind: kind, parameters: runtime.NewParameterCodec(scheme)}, nil
}

func (r *records) get(ctx context.Context, name string) (*Record, error) {
	record := &Record{}
	return record, r.client.Get().Resource(r.kind.Resource).Name(name).Do(ctx).Into(record)
}

func (r *records) create(ctx context.Context, record *Record) (*Record, error) {
	created := &Record{}
	return created, r.client.Post().Resource(r.kind.Resource).Body(record).Do(ctx).Into(created)
}

// update replaces the record of the same name and resource version.
func (r *records) update(ctx context.Context, record *Record) (*Record, error) {
	updated := &Record{}
	return updated, r.client.Put().Resource(r.kind.Resource).Name(record.Name).Body(record).Do(ctx).Into(updated)
}

// remove deletes exactly this state of a record.
func (r *records) remove(ctx context.Context, record *Record) error {
	options := &metav1.DeleteOptions{
		Preconditions:     &metav1.Preconditions{UID: &record.UID, ResourceVersion: &record.ResourceVersion},
		PropagationPolicy: ptr.To(metav1.DeletePropagationBackground),
	}
	return r.client.Delete().Resource(r.kind.Resource).Name(record.Name).Body(options).Do(ctx).Error()
}

func (r *records) list(ctx context.Context, options metav1.ListOptions) (*RecordList, error) {
	list := &RecordList{}
	request := r.client.Get().Resource(r.kind.Resource).VersionedParams(&options, r.parameters)
	if options.ResourceVersionMatch == metav1.ResourceVersionMatchExact {
		request = request.MaxRetries(0) // a version of the future is told, not awaited
	}
	return list, request.Do(ctx).Into(list)
}

// find returns the record of a name, nil when there is none, and the resource version at which that is so.
func (r *records) find(ctx context.Context, name, version string) (*Record, string, error) {
	options := metav1.ListOptions{FieldSelector: byName(name)}
	if version != "" {
		options.ResourceVersion, options.ResourceVersionMatch = version, metav1.ResourceVersionMatchExact
	}
	list, err := r.list(ctx, options)
	if err != nil || len(list.Items) == 0 {
		return nil, list.ResourceVersion, err
	}
	return &list.Items[0], list.ResourceVersion, nil
}

// listMetadata lists without the records' content.
func (r *records) listMetadata(ctx context.Context, options metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
	raw, err := r.client.Get().Resource(r.kind.Resource).VersionedParams(&options, r.parameters).SetHeader("Accept", metadataOnly).Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	list := &metav1.PartialObjectMetadataList{}
	if err := json.Unmarshal(raw, list); err != nil {
		return nil, fmt.Errorf("cannot read the host cluster's list of %s: %w", r.kind.definitionName(), err)
	}
	return list, nil
}

// currentVersion returns the host's latest resource version.
func (r *records) currentVersion(ctx context.Context) (uint64, error) {
	list, err := r.listMetadata(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return 0, err
	}
	return parseVersion(list.ResourceVersion)
}

// watch delivers what happens after a resource version, to all records or to the one of a name.
func (r *records) watch(ctx context.Context, version, name string) (watch.Interface, error) {
	options := metav1.ListOptions{Watch: true, ResourceVersion: version, AllowWatchBookmarks: true}
	if name != "" {
		options.FieldSelector = byName(name)
	}
	return r.client.Get().Resource(r.kind.Resource).VersionedParams(&options, r.parameters).MaxRetries(0).Watch(ctx)
}

func byName(name string) string {
	return fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
}

// parseVersion reads a resource version of the host, which is a number above 0.
func parseVersion(version string) (uint64, error) {
	number, err := strconv.ParseUint(version, 10, 63)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("the host cluster answers with the resource version %q, which is no number above 0", version)
	}
	return number, nil
}
