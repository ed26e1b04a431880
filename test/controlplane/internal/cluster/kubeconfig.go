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

package cluster

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"text/template"

	"github.com/hookplane/hookplane/test/controlplane/internal/pki"
)

// contextName is the name of the cluster, the user and the context in every kubeconfig of a control plane.
const contextName = "hookplane-local"

// kubeconfigTemplate holds the credentials themselves, so that the file works from anywhere.
var kubeconfigTemplate = template.Must(template.New("kubeconfig").Funcs(template.FuncMap{
	"base64": base64.StdEncoding.EncodeToString,
}).Parse(`apiVersion: v1
kind: Config
clusters:
- name: {{ .Name }}
  cluster:
    server: {{ .Server }}
    certificate-authority-data: {{ base64 .CA }}
users:
- name: {{ .Name }}
  user:
    client-certificate-data: {{ base64 .Certificate }}
    client-key-data: {{ base64 .Key }}
contexts:
- name: {{ .Name }}
  context:
    cluster: {{ .Name }}
    user: {{ .Name }}
    namespace: default
current-context: {{ .Name }}
`))

// writeKubeconfig writes the kubeconfig of a client for the kube-apiserver at url.
func writeKubeconfig(file, url string, ca, client pki.Pair) error {
	key, err := client.KeyPEM()
	if err != nil {
		return err
	}
	var content bytes.Buffer
	err = kubeconfigTemplate.Execute(&content, struct {
		Name, Server         string
		CA, Certificate, Key []byte
	}{contextName, url, ca.CertificatePEM(), client.CertificatePEM(), key})
	if err != nil {
		return fmt.Errorf("cannot write a kubeconfig: %w", err)
	}
	if err := os.WriteFile(file, content.Bytes(), 0o600); err != nil {
		return fmt.Errorf("cannot write a kubeconfig: %w", err)
	}
	return nil
}
