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
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// hostTimeout is how long a host cluster that does not answer is tried.
	hostTimeout  = 5 * time.Second
	hostInterval = 500 * time.Millisecond
)

// HostOptions say which cluster the server belongs to: whose kube-apiserver forwards requests to it and
// decides who may do what, and whose objects the controllers manage.
type HostOptions struct {
	// Kubeconfig is a file. Empty: the cluster that the process runs in.
	Kubeconfig string
}

func (o *HostOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig,
		"File that says how to reach the host cluster: for its objects, and to authenticate and authorize requests. Empty: the cluster that hookplane runs in.")
}

// inCluster reports whether the host cluster is the one that the process runs in.
func (o *HostOptions) inCluster() bool { return o.Kubeconfig == "" }

// connect returns how to reach the host cluster. It has no client-side rate limit: priority and fairness of
// the host cluster decides.
func (o *HostOptions) connect() (*rest.Config, error) {
	config, err := o.load()
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.UserAgent = "hookplane/" + Version()
	return config, nil
}

func (o *HostOptions) load() (*rest.Config, error) {
	if o.Kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if errors.Is(err, rest.ErrNotInCluster) {
			return nil, errors.New("--kubeconfig is required outside of a cluster")
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the service account of this pod: %w", err)
		}
		return config, nil
	}
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: o.Kubeconfig}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("cannot use --kubeconfig %q: %s", o.Kubeconfig, oneLine(err))
	}
	return config, nil
}

// Where a kube-apiserver publishes how aggregated API servers authenticate its requests.
const (
	authenticationConfigMap = "extension-apiserver-authentication"
	requestHeaderCAKey      = "requestheader-client-ca-file"
)

// checkHost makes sure that the host cluster answers and can have aggregated API servers. An unreachable one
// is tried for a few seconds.
func checkHost(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("cannot make a client for the host cluster: %w", err)
	}
	var configMap *corev1.ConfigMap
	var lastErr error
	err = wait.PollUntilContextTimeout(ctx, hostInterval, hostTimeout, true, func(ctx context.Context) (bool, error) {
		configMap, err = client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, authenticationConfigMap, metav1.GetOptions{})
		if err == nil {
			return true, nil
		}
		if ctx.Err() == nil || lastErr == nil {
			lastErr = err
		}
		return !isTransient(err), nil
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if lastErr != nil && (err != nil || configMap.Name == "") {
		return hostError(config.Host, lastErr)
	}
	if configMap.Data[requestHeaderCAKey] == "" {
		return fmt.Errorf("the host cluster %s has no aggregation layer: start its kube-apiserver with --requestheader-client-ca-file", config.Host)
	}
	return nil
}

// hostError says what to do about a host cluster that does not answer, or refuses.
func hostError(host string, err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return fmt.Errorf("cannot reach the host cluster at %s (see --kubeconfig): %s", host, oneLine(err))
	}
	return fmt.Errorf("cannot read the ConfigMap %s/%s of the host cluster at %s, which says how to authenticate its requests (the Role extension-apiserver-authentication-reader grants that): %s",
		metav1.NamespaceSystem, authenticationConfigMap, host, oneLine(err))
}

// isTransient reports whether trying again may help.
func isTransient(err error) bool {
	var status apierrors.APIStatus
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &status):
		return status.Status().Code >= http.StatusInternalServerError || apierrors.IsTooManyRequests(err)
	default:
		return !errors.As(err, &certificate)
	}
}

// oneLine is the text of an error in one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
