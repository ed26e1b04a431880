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

package registration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// answersThrough returns a probe that succeeds when a client of the cluster can use the API: the
// APIService is available, a request for it is forwarded, and the documents that kubectl reads to find
// and explain resources list it. kube-apiserver brings each of these up to date in its own time.
func (r *Registrar) answersThrough(host rest.Interface) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, gv := range r.GroupVersions {
			for _, check := range []func(context.Context, rest.Interface, schema.GroupVersion) error{
				r.available, forwarded, discovered, explained,
			} {
				if err := check(ctx, host, gv); err != nil {
					return fmt.Errorf("%s: %w", gv, err)
				}
			}
		}
		return nil
	}
}

func (r *Registrar) available(ctx context.Context, _ rest.Interface, gv schema.GroupVersion) error {
	s, err := r.aggregator.ApiregistrationV1().APIServices().Get(ctx, nameOf(gv), metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range s.Status.Conditions {
		if c.Type != apiregistrationv1.Available {
			continue
		}
		if c.Status != apiregistrationv1.ConditionTrue {
			return fmt.Errorf("the APIService is not available: %s: %s", c.Reason, c.Message)
		}
		return nil
	}
	return errors.New("the availability of the APIService is not known yet")
}

func forwarded(ctx context.Context, host rest.Interface, gv schema.GroupVersion) error {
	err := host.Get().AbsPath("/apis", gv.Group, gv.Version).Do(ctx).Error()
	return wrap(err, "a request through the cluster fails")
}

func discovered(ctx context.Context, host rest.Interface, gv schema.GroupVersion) error {
	body, err := host.Get().AbsPath("/apis").
		SetHeader("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList").Do(ctx).Raw()
	if err != nil {
		return fmt.Errorf("cannot read what the cluster serves: %w", err)
	}
	var groups apidiscoveryv2.APIGroupDiscoveryList
	if err := json.Unmarshal(body, &groups); err != nil {
		return fmt.Errorf("cannot understand what the cluster says it serves: %w", err)
	}
	for _, group := range groups.Items {
		if group.Name == gv.Group && slices.ContainsFunc(group.Versions, func(v apidiscoveryv2.APIVersionDiscovery) bool { return isCurrent(v, gv) }) {
			return nil
		}
	}
	return errors.New("the list of what the cluster serves does not have it yet")
}

func isCurrent(v apidiscoveryv2.APIVersionDiscovery, gv schema.GroupVersion) bool {
	return v.Version == gv.Version && v.Freshness == apidiscoveryv2.DiscoveryFreshnessCurrent && len(v.Resources) > 0
}

func explained(ctx context.Context, host rest.Interface, gv schema.GroupVersion) error {
	body, err := host.Get().AbsPath("/openapi/v3").Do(ctx).Raw()
	if err != nil {
		return fmt.Errorf("cannot read the OpenAPI documents of the cluster: %w", err)
	}
	var index struct {
		Paths map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(body, &index); err != nil {
		return fmt.Errorf("cannot understand the OpenAPI documents of the cluster: %w", err)
	}
	if _, found := index.Paths["apis/"+gv.String()]; !found {
		return errors.New("the OpenAPI documents of the cluster do not have it yet")
	}
	return nil
}
