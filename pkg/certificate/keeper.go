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

package certificate

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// interval is how often the Secret is looked at: much less than overlap.
	interval = time.Minute
	// attempts is how often replicas that change the Secret at the same time try again.
	attempts = 5

	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = "hookplane"
)

// Secrets are those of the namespace; client-go has the ones that are used.
type Secrets interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.Secret, error)
	Create(ctx context.Context, secret *corev1.Secret, opts metav1.CreateOptions) (*corev1.Secret, error)
	Update(ctx context.Context, secret *corev1.Secret, opts metav1.UpdateOptions) (*corev1.Secret, error)
}

// Config is what a Keeper needs. All fields are required.
type Config struct {
	Secrets Secrets
	// Secret is the name of the Secret, with the namespace that Secrets is of.
	Secret types.NamespacedName
	// Hosts are the names that the certificate is for. At least one.
	Hosts []string
	Clock clock.Clock
}

// Keeper keeps the certificate of one replica. It is safe for concurrent use.
type Keeper struct {
	Config

	mu        sync.Mutex
	data      map[string][]byte
	listeners []dynamiccertificates.Listener
}

var (
	_ dynamiccertificates.CertKeyContentProvider = &Keeper{}
	_ dynamiccertificates.ControllerRunner       = &Keeper{}
)

// NewKeeper returns a Keeper that has no certificate before RunOnce has succeeded.
func NewKeeper(config Config) *Keeper { return &Keeper{Config: config} }

// Name implements dynamiccertificates.CertKeyContentProvider.
func (k *Keeper) Name() string { return "Secret " + k.Secret.String() }

// CurrentCertKeyContent implements dynamiccertificates.CertKeyContentProvider.
func (k *Keeper) CurrentCertKeyContent() (certificate, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data[corev1.TLSCertKey], k.data[corev1.TLSPrivateKeyKey]
}

// CABundle returns the authorities that verify the certificate of every replica, as PEM.
func (k *Keeper) CABundle() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data[authoritiesKey]
}

// AddListener implements dynamiccertificates.Notifier.
func (k *Keeper) AddListener(listener dynamiccertificates.Listener) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.listeners = append(k.listeners, listener)
}

// Run looks at the Secret every now and then, until the context ends. A failure is logged when it differs from the one before.
func (k *Keeper) Run(ctx context.Context, _ int) {
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.Clock.After(interval):
		}
		err := k.RunOnce(ctx)
		switch {
		case err == nil:
			said = ""
		case ctx.Err() == nil && err.Error() != said:
			klog.FromContext(ctx).Error(err, "Cannot renew the serving certificate, trying again")
			said = err.Error()
		}
	}
}

// RunOnce makes or renews the certificate in the Secret if that is due, and uses what is there then.
func (k *Keeper) RunOnce(ctx context.Context) error {
	var err error
	for range attempts {
		if err = k.sync(ctx); !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			break // else another replica was faster
		}
	}
	return err
}

func (k *Keeper) sync(ctx context.Context) error {
	existing, err := k.Secrets.Get(ctx, k.Secret.Name, metav1.GetOptions{})
	missing := apierrors.IsNotFound(err)
	if missing {
		existing, err = k.newSecret(), nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the Secret %s, which keeps the serving certificate: %w", k.Secret, err)
	}
	if existing.Labels[managedByLabel] != managedBy {
		return fmt.Errorf("the Secret %s is not hookplane's: it has no label %s=%s; choose another name with --tls-secret, or mount it and use --tls-cert-file",
			k.Secret, managedByLabel, managedBy)
	}
	data, due, err := advance(existing.Data, k.Hosts, k.Clock.Now())
	if err != nil {
		return err
	}
	if due {
		if err := k.write(ctx, existing, data, missing); err != nil {
			return fmt.Errorf("cannot write the Secret %s, which keeps the serving certificate: %w", k.Secret, err)
		}
	}
	k.use(ctx, data)
	return nil
}

func (k *Keeper) newSecret() *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: k.Secret.Namespace, Name: k.Secret.Name, Labels: map[string]string{managedByLabel: managedBy}},
		Type:       corev1.SecretTypeTLS,
	}
}

// write fails when another replica has written since existing was read.
func (k *Keeper) write(ctx context.Context, existing *corev1.Secret, data map[string][]byte, missing bool) error {
	secret := existing.DeepCopy()
	secret.Data = data
	var err error
	if missing {
		_, err = k.Secrets.Create(ctx, secret, metav1.CreateOptions{})
	} else {
		_, err = k.Secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	return err
}

// use serves with what the Secret holds from now on.
func (k *Keeper) use(ctx context.Context, data map[string][]byte) {
	k.mu.Lock()
	changed := string(k.data[corev1.TLSCertKey]) != string(data[corev1.TLSCertKey])
	k.data = data
	listeners := k.listeners
	k.mu.Unlock()
	if !changed {
		return
	}
	klog.FromContext(ctx).Info("Serving with the certificate of a Secret", "secret", k.Secret.String())
	for _, listener := range listeners {
		listener.Enqueue()
	}
}
