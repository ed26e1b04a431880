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
	"fmt"
	"sync"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/initialization"
)

const (
	// repairInterval is how often the configuration is compared with what it should be without a reason.
	repairInterval = 30 * time.Second
	// retryInterval is how long a failure is waited upon.
	retryInterval = time.Second
	// restInterval is the least time between two writes: servers of two versions may not agree during an upgrade.
	restInterval = 200 * time.Millisecond

	apiServiceName = "v1alpha1.admission.metacontroller.k8s.io"
)

var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

// Config is what a Keeper needs. All fields are required.
type Config struct {
	// Host and Metadata lead to the host cluster.
	Host         kubernetes.Interface
	Metadata     metadata.Interface
	Registry     *initialization.Registry
	OwnNamespace string
	Clock        clock.Clock
}

// Keeper keeps the configuration in step.
type Keeper struct {
	Config

	mu         sync.Mutex
	registered *initialization.Snapshot
	err        error
}

// NewKeeper returns a keeper; Run starts it.
func NewKeeper(config Config) *Keeper { return &Keeper{Config: config} }

// Registered returns the InitializerControllers that kube-apiserver was told of last, nil before the first time; and why it
// cannot be told of later ones, or nil.
func (k *Keeper) Registered() (*initialization.Snapshot, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.registered, k.err
}

// Run keeps the configuration until the context ends. A failure is logged when it differs from the one before, and tried
// again.
func (k *Keeper) Run(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	notify := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	defer k.Registry.OnChange(notify)()
	stop, err := k.watch(ctx, notify)
	if err != nil {
		return err
	}
	defer stop()
	if !k.Registry.WaitForSync(ctx) {
		return nil
	}
	for {
		wait := repairInterval
		if !k.reconcileAndTell(ctx) {
			wait = retryInterval
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.Clock.After(restInterval):
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-k.Clock.After(wait):
		}
	}
}

// watch has the configuration watched, so that what others do to it is repaired at once.
func (k *Keeper) watch(ctx context.Context, changed func()) (stop func(), err error) {
	factory := informers.NewSharedInformerFactoryWithOptions(k.Host, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector("metadata.name", Name).String()
	}))
	_, err = factory.Admissionregistration().V1().MutatingWebhookConfigurations().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { changed() }, UpdateFunc: func(any, any) { changed() }, DeleteFunc: func(any) { changed() },
	})
	if err != nil {
		return nil, fmt.Errorf("watching MutatingWebhookConfigurations: %w", err)
	}
	factory.StartWithContext(ctx)
	return factory.Shutdown, nil
}

// reconcileAndTell reports whether the configuration is what it should be.
func (k *Keeper) reconcileAndTell(ctx context.Context) bool {
	snapshot := k.Registry.Snapshot()
	err := k.reconcile(ctx, snapshot)
	if ctx.Err() != nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil && (k.err == nil || k.err.Error() != err.Error()) {
		klog.FromContext(ctx).Error(err, "Cannot tell kube-apiserver of the initializers, trying again", "mutatingWebhookConfiguration", Name)
	}
	k.err = err
	if err == nil {
		k.registered = snapshot
	}
	return err == nil
}

func (k *Keeper) reconcile(ctx context.Context, snapshot *initialization.Snapshot) error {
	if len(snapshot.Initializers) == 0 {
		return k.Remove(ctx)
	}
	service, err := k.Metadata.Resource(apiServices).Get(ctx, apiServiceName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("cannot read the APIService %s, by which kube-apiserver reaches the initializers: %w", apiServiceName, err)
	}
	desired := Configuration(snapshot, k.OwnNamespace, metav1.OwnerReference{
		APIVersion: apiServices.GroupVersion().String(), Kind: "APIService", Name: service.Name, UID: service.UID,
	})
	if desired == nil {
		return k.Remove(ctx)
	}
	err = k.write(ctx, desired)
	if apierrors.IsInvalid(err) {
		// An older cluster may not know what an expression uses. The endpoint evaluates it too.
		for i := range desired.Webhooks {
			desired.Webhooks[i].MatchConditions = nil
		}
		err = k.write(ctx, desired)
	}
	return err
}

// write makes the configuration what it should be. Nothing is written when it is so already.
func (k *Keeper) write(ctx context.Context, desired *admissionregistrationv1.MutatingWebhookConfiguration) error {
	client := k.Host.AdmissionregistrationV1().MutatingWebhookConfigurations()
	existing, err := client.Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		if _, err = client.Create(ctx, desired, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("cannot create the MutatingWebhookConfiguration %s: %w", Name, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the MutatingWebhookConfiguration %s: %w", Name, err)
	}
	updated := existing.DeepCopy()
	updated.OwnerReferences, updated.Webhooks = desired.OwnerReferences, desired.Webhooks
	metav1.SetMetaDataAnnotation(&updated.ObjectMeta, descriptionAnnotation, description)
	metav1.SetMetaDataLabel(&updated.ObjectMeta, managedByLabel, managedBy)
	if apiequality.Semantic.DeepEqual(existing, updated) {
		return nil
	}
	if _, err = client.Update(ctx, updated, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("cannot update the MutatingWebhookConfiguration %s: %w", Name, err)
	}
	return nil
}

// Remove removes the configuration: kube-apiserver then creates objects without initializers.
func (k *Keeper) Remove(ctx context.Context) error {
	err := k.Host.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(ctx, Name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("cannot remove the MutatingWebhookConfiguration %s: %w", Name, err)
	}
	return nil
}
