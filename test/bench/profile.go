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

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// profile writes profiles of a phase, which begins now, if profiles are wanted: where CPU time goes while it runs, and what is in
// memory then. The channel tells when they are complete.
func (b *bench) profile(ctx context.Context, phase string) <-chan error {
	done := make(chan error, 1)
	if b.profiles == "" || b.hookplane == nil {
		done <- nil
		return done
	}
	go func() {
		name := filepath.Join(b.profiles, b.scene+"-"+phase)
		err := b.writeProfile(ctx, fmt.Sprintf("profile?seconds=%d", int(b.size.profile.Seconds())), name+"-cpu.pb.gz")
		if err == nil {
			err = b.writeProfile(ctx, "heap", name+"-heap.pb.gz")
		}
		done <- err
	}()
	return done
}

// writeProfile asks hookplane itself, at the address that kube-apiserver has of it.
func (b *bench) writeProfile(ctx context.Context, profile, file string) error {
	apiServices := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	registered, err := b.dynamic.Resource(apiServices).Get(ctx, "v1alpha1.metacontroller.k8s.io", metav1.GetOptions{})
	if err != nil {
		return err
	}
	port, _, _ := unstructured.NestedInt64(registered.Object, "spec", "service", "port")
	config := rest.CopyConfig(b.config)
	config.CAData, config.CAFile, config.Insecure = nil, "", true // it signs its certificate itself
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	url := fmt.Sprintf("https://127.0.0.1:%d/debug/pprof/%s", port, profile)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", url, response.Status, body)
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.profiles, 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o644)
}
