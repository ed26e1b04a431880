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
	"bufio"
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strconv"

	"k8s.io/client-go/kubernetes"
)

// requests is how many requests kube-apiserver has answered, by resource.
type requests map[string]struct{ writes, reads int }

var (
	requestTotal = regexp.MustCompile(`^apiserver_request_total\{(.*)\} (\S+)$`)
	metricLabel  = regexp.MustCompile(`(\w+)="([^"]*)"`)
)

// readRequests asks kube-apiserver for its metrics.
func readRequests(ctx context.Context, client kubernetes.Interface) (requests, error) {
	text, err := client.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot read the metrics of kube-apiserver: %w", err)
	}
	return parseRequests(text)
}

func parseRequests(text []byte) (requests, error) {
	counted := requests{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !bytes.HasPrefix(lines.Bytes(), []byte("apiserver_request_total{")) {
			continue
		}
		match := requestTotal.FindStringSubmatch(lines.Text())
		if match == nil {
			continue
		}
		number, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			return nil, fmt.Errorf("cannot read %q: %w", lines.Text(), err)
		}
		labels := map[string]string{}
		for _, label := range metricLabel.FindAllStringSubmatch(match[1], -1) {
			labels[label[1]] = label[2]
		}
		n := counted[labels["resource"]]
		switch labels["verb"] {
		case "POST", "PUT", "PATCH", "APPLY", "DELETE":
			n.writes += int(number)
		case "GET", "LIST":
			n.reads += int(number)
		}
		counted[labels["resource"]] = n
	}
	return counted, lines.Err()
}
