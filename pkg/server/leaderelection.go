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

package server

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/leader"
)

// A leader that is killed is replaced within LeaseDuration and two looks of another replica. Other components of Kubernetes take
// twice as long before they give up; for us a leader that is lost without need costs little, as the replica goes on serving.
const (
	defaultLeaseDuration = 8 * time.Second
	defaultRenewDeadline = 6 * time.Second
	defaultRetryPeriod   = time.Second
)

// LeaderElectionOptions say how the replicas agree on the one that runs the controllers.
type LeaderElectionOptions struct {
	// LeaderElect has them agree. Without it every replica runs the controllers.
	LeaderElect bool
	// LeaseDuration, RenewDeadline and RetryPeriod are as in leader.Config.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
	// ResourceName and ResourceNamespace are of the Lease. Without a namespace it is in the server's own.
	ResourceName, ResourceNamespace string
}

func newLeaderElectionOptions() LeaderElectionOptions {
	return LeaderElectionOptions{
		LeaderElect: true, ResourceName: "hookplane",
		LeaseDuration: defaultLeaseDuration, RenewDeadline: defaultRenewDeadline, RetryPeriod: defaultRetryPeriod,
	}
}

// addFlags adds the flags that Kubernetes' components have, but the one for other objects than Leases, which there are none of.
func (o *LeaderElectionOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.LeaderElect, "leader-elect", o.LeaderElect,
		"Run the controllers in one replica at a time, which holds a Lease; all serve the API and admission. With --storage=embedded there can be one replica only, and no election. With false every replica runs the controllers: for a single one.")
	flags.DurationVar(&o.LeaseDuration, "leader-elect-lease-duration", o.LeaseDuration,
		"How long the other replicas wait for a leader that is not heard of before one takes over. Whole seconds.")
	flags.DurationVar(&o.RenewDeadline, "leader-elect-renew-deadline", o.RenewDeadline,
		"How long a leader that cannot renew its Lease goes on. Less than --leader-elect-lease-duration; the controllers then stop, and the API goes on.")
	flags.DurationVar(&o.RetryPeriod, "leader-elect-retry-period", o.RetryPeriod,
		"How often the leader renews its Lease, and the others look at it.")
	flags.StringVar(&o.ResourceName, "leader-elect-resource-name", o.ResourceName, "Name of the Lease.")
	flags.StringVar(&o.ResourceNamespace, "leader-elect-resource-namespace", o.ResourceNamespace,
		"Namespace of the Lease. Empty: that of --apiservice-service.")
}

func (o *LeaderElectionOptions) validate() []error {
	if !o.LeaderElect {
		return nil
	}
	var errs []error
	if o.RetryPeriod <= 0 {
		errs = append(errs, fmt.Errorf("--leader-elect-retry-period must be positive, not %s", o.RetryPeriod))
	}
	// What the library asks for.
	if least := time.Duration(leaderelection.JitterFactor * float64(o.RetryPeriod)); o.RenewDeadline <= least {
		errs = append(errs, fmt.Errorf("--leader-elect-renew-deadline must be more than %s, which is %v times --leader-elect-retry-period, not %s", least, leaderelection.JitterFactor, o.RenewDeadline))
	}
	if o.LeaseDuration <= o.RenewDeadline {
		errs = append(errs, fmt.Errorf("--leader-elect-lease-duration must be more than --leader-elect-renew-deadline, %s, not %s", o.RenewDeadline, o.LeaseDuration))
	}
	if o.LeaseDuration%time.Second != 0 {
		errs = append(errs, fmt.Errorf("--leader-elect-lease-duration must be whole seconds, not %s", o.LeaseDuration))
	}
	if len(validation.IsDNS1123Subdomain(o.ResourceName)) > 0 {
		errs = append(errs, fmt.Errorf("--leader-elect-resource-name must be the name of a Lease, not %q", o.ResourceName))
	}
	if o.ResourceNamespace != "" && len(validation.IsDNS1123Label(o.ResourceNamespace)) > 0 {
		errs = append(errs, fmt.Errorf("--leader-elect-resource-namespace must be the name of a namespace, not %q", o.ResourceNamespace))
	}
	return errs
}

// elector returns what takes part in the election in the host cluster; ownNamespace is the server's.
func (o *LeaderElectionOptions) elector(host *rest.Config, ownNamespace string) (*leader.Elector, error) {
	host = rest.CopyConfig(host)
	host.Timeout = o.RenewDeadline / 2 // a renewal that hangs must leave time for another one
	client, err := kubernetes.NewForConfig(host)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for the leader's Lease: %w", err)
	}
	hostname, err := os.Hostname()
	if err != nil {
		return nil, errors.Join(errors.New("cannot name this replica in the leader's Lease"), err)
	}
	if o.ResourceNamespace != "" {
		ownNamespace = o.ResourceNamespace
	}
	lease := metav1.ObjectMeta{Namespace: ownNamespace, Name: o.ResourceName}
	// The host name alone would be that of two processes on one machine, too.
	identity := resourcelock.ResourceLockConfig{Identity: hostname + "_" + string(uuid.NewUUID())}
	return leader.New(leader.Config{
		NewLock: func() resourcelock.Interface {
			return &resourcelock.LeaseLock{LeaseMeta: lease, Client: client.CoordinationV1(), LockConfig: identity}
		},
		LeaseDuration: o.LeaseDuration, RenewDeadline: o.RenewDeadline, RetryPeriod: o.RetryPeriod, Clock: clock.RealClock{},
	}), nil
}
