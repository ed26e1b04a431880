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
	"net/http"
	"net/url"
	"strings"
)

// records are those of a registry that is reached over HTTP.
type records struct {
	client *http.Client
	base   string // of the registry's URL, without a slash at the end
}

// set registers a target by a name.
func (r *records) set(ctx context.Context, name, target string) error {
	return r.send(ctx, http.MethodPut, name, target)
}

// remove takes a name out. One that is not there is no error.
func (r *records) remove(ctx context.Context, name string) error {
	return r.send(ctx, http.MethodDelete, name, "")
}

func (r *records) send(ctx context.Context, method, name, body string) error {
	request, err := http.NewRequestWithContext(ctx, method, r.base+"/records/"+url.PathEscape(name), strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("cannot reach the registry: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent && (method != http.MethodDelete || answer.StatusCode != http.StatusNotFound) {
		return fmt.Errorf("the registry answers %s to %s of %q", answer.Status, method, name)
	}
	return nil
}
