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

package authz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes"
)

// PluginName is the name of the admission plugin.
const PluginName = "EscalationCheck"

// maxRights is how many rights are asked about for one request, so that no object makes the server flood
// its host cluster. Seven for each child: it is enough for 140 types.
const maxRights = 1000

var (
	_ admission.ValidationInterface          = &plugin{}
	_ initializer.WantsExternalKubeClientSet = &plugin{}
)

// Register makes the plugin available under its name.
func Register(plugins *admission.Plugins) {
	plugins.Register(PluginName, func(io.Reader) (admission.Interface, error) {
		return &plugin{Handler: admission.NewHandler(admission.Create, admission.Update)}, nil
	})
}

// plugin holds authors of controllers to the rights that they hold themselves.
type plugin struct {
	*admission.Handler
	reviews reviews
}

// SetExternalKubeClientSet is given a client for the host cluster.
func (p *plugin) SetExternalKubeClientSet(client kubernetes.Interface) {
	p.reviews = client.AuthorizationV1().SubjectAccessReviews()
}

// ValidateInitialization tells whether the plugin can work.
func (p *plugin) ValidateInitialization() error {
	if p.reviews == nil {
		return errors.New("no client for the host cluster")
	}
	return nil
}

// Validate refuses a controller whose author does not hold the rights that it needs.
func (p *plugin) Validate(ctx context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	who := a.GetUserInfo()
	if a.GetSubresource() != "" || slices.Contains(who.GetGroups(), user.SystemPrivilegedGroup) {
		return nil
	}
	wanted := compact(needed(a.GetObject(), a.GetOldObject()))
	if len(wanted) == 0 {
		return nil
	}
	may, err := p.mayEscalate(ctx, a)
	if err != nil || may {
		return err
	}
	if len(wanted) > maxRights {
		return admission.NewForbidden(a, tooMany(a, len(wanted)))
	}
	lacking, err := missing(ctx, p.reviews, who, wanted)
	if err != nil {
		return unknown(who, err)
	}
	if len(lacking) > 0 {
		return admission.NewForbidden(a, refusal(a, lacking))
	}
	return nil
}

// mayEscalate asks first for what makes all other questions needless. Cluster admins hold it.
func (p *plugin) mayEscalate(ctx context.Context, a admission.Attributes) (bool, error) {
	may, err := holds(ctx, p.reviews, a.GetUserInfo(), right{resource: a.GetResource().GroupResource(), name: a.GetName(), verb: escalate})
	if err != nil {
		return false, unknown(a.GetUserInfo(), err)
	}
	return may, nil
}

// unknown is no refusal: it may go away.
func unknown(who user.Info, err error) error {
	return apierrors.NewInternalError(fmt.Errorf("cannot find out which rights user %q holds, try again: %w", who.GetName(), err))
}
