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

package migration

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// program is the name of Metacontroller's image, and of its Lease.
const program = "metacontroller"

// Acting returns what runs Metacontroller, or is about to: workloads that are not scaled to zero, Pods that have not ended, and a
// Lease that is held, each as a sentence. One outside of the cluster that holds no Lease is not seen.
func (c *Cluster) Acting(ctx context.Context) ([]string, error) {
	var acting []string
	for _, find := range []func(context.Context) ([]string, error){c.statefulSets, c.deployments, c.pods, c.leases} {
		found, err := find(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot find out whether Metacontroller runs: %w", err)
		}
		acting = append(acting, found...)
	}
	return acting, nil
}

func (c *Cluster) statefulSets(ctx context.Context) ([]string, error) {
	list, err := c.core.AppsV1().StatefulSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	found := make([]string, 0, len(list.Items))
	for i := range list.Items {
		found = append(found, scaled("statefulset", &list.Items[i].ObjectMeta, list.Items[i].Spec.Replicas, &list.Items[i].Spec.Template.Spec)...)
	}
	return found, nil
}

func (c *Cluster) deployments(ctx context.Context) ([]string, error) {
	list, err := c.core.AppsV1().Deployments("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	found := make([]string, 0, len(list.Items))
	for i := range list.Items {
		found = append(found, scaled("deployment", &list.Items[i].ObjectMeta, list.Items[i].Spec.Replicas, &list.Items[i].Spec.Template.Spec)...)
	}
	return found, nil
}

// scaled returns the sentence about a workload that runs Metacontroller, if it does.
func scaled(kind string, meta *metav1.ObjectMeta, replicas *int32, pod *corev1.PodSpec) []string {
	if replicas != nil && *replicas == 0 || !runsProgram(pod) {
		return nil
	}
	return []string{fmt.Sprintf("the %s %s/%s is not scaled to zero: kubectl -n %s scale %s %s --replicas=0",
		kind, meta.Namespace, meta.Name, meta.Namespace, kind, meta.Name)}
}

func (c *Cluster) pods(ctx context.Context) ([]string, error) {
	var found []string
	options := metav1.ListOptions{Limit: pageSize}
	for {
		list, err := c.core.CoreV1().Pods("").List(ctx, options)
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			pod := &list.Items[i]
			if ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed; !ended && runsProgram(&pod.Spec) {
				found = append(found, fmt.Sprintf("the pod %s/%s has not ended", pod.Namespace, pod.Name))
			}
		}
		if options.Continue = list.Continue; options.Continue == "" {
			return found, nil
		}
	}
}

func (c *Cluster) leases(ctx context.Context) ([]string, error) {
	list, err := c.core.CoordinationV1().Leases("").List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + program})
	if err != nil {
		return nil, err
	}
	var found []string
	for i := range list.Items {
		if lease := &list.Items[i]; held(lease, c.clock.Now()) {
			found = append(found, fmt.Sprintf("the lease %s/%s is held by %s", lease.Namespace, lease.Name, *lease.Spec.HolderIdentity))
		}
	}
	return found, nil
}

func held(lease *coordinationv1.Lease, now time.Time) bool {
	spec := &lease.Spec
	if spec.HolderIdentity == nil || *spec.HolderIdentity == "" || spec.RenewTime == nil || spec.LeaseDurationSeconds == nil {
		return false
	}
	return now.Before(spec.RenewTime.Add(time.Duration(*spec.LeaseDurationSeconds) * time.Second))
}

// runsProgram reports whether an image is called as Metacontroller's, in whatever registry.
func runsProgram(pod *corev1.PodSpec) bool {
	for i := range pod.Containers {
		name, _, _ := strings.Cut(path.Base(pod.Containers[i].Image), "@")
		if name, _, _ = strings.Cut(name, ":"); name == program {
			return true
		}
	}
	return false
}
