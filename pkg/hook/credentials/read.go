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

package credentials

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
	"github.com/hookplane/hookplane/pkg/hook"
)

// references returns the objects that s refers to.
func (s *Spec) references() []reference {
	var refs []reference
	if bundle := s.CABundle; bundle != nil {
		if ref := bundle.SecretRef; ref != nil {
			refs = append(refs, reference{Secret, ref.Namespace, ref.Name})
		}
		if ref := bundle.ConfigMapRef; ref != nil {
			refs = append(refs, reference{ConfigMap, ref.Namespace, ref.Name})
		}
	}
	if s.ClientTLS != nil {
		refs = append(refs, reference{Secret, s.ClientTLS.SecretRef.Namespace, s.ClientTLS.SecretRef.Name})
	}
	if s.Authorization != nil {
		refs = append(refs, reference{Secret, s.Authorization.SecretRef.Namespace, s.Authorization.SecretRef.Name})
	}
	if s.BasicAuth != nil {
		refs = append(refs, reference{Secret, s.BasicAuth.SecretRef.Namespace, s.BasicAuth.SecretRef.Name})
	}
	return refs
}

// reader makes credentials of what the objects of a source say, and collects what is wrong with them.
type reader struct {
	*Source
	loading  bool
	reason   string // of the first problem
	problems []string
	read     Credentials
}

func (s *Source) read() (*Credentials, error) {
	r := reader{Source: s}
	r.readCABundle()
	r.readClientTLS()
	r.readAuthorization()
	r.readBasicAuth()
	switch {
	case len(r.problems) > 0:
		return nil, &hook.UnavailableError{Reason: r.reason, Message: strings.Join(r.problems, "; ")}
	case r.loading:
		return nil, errLoading
	default:
		r.read.setIdentity()
		return &r.read, nil
	}
}

func (r *reader) problemf(reason string, path *field.Path, format string, args ...any) {
	if r.reason == "" {
		r.reason = reason
	}
	r.problems = append(r.problems, path.String()+": "+fmt.Sprintf(format, args...))
}

// invalid notes that a value cannot be used.
func (r *reader) invalid(ref reference, path *field.Path, key, format string, args ...any) {
	reason := hook.ReasonInvalidSecret
	if ref.kind == ConfigMap {
		reason = hook.ReasonInvalidConfigMap
	}
	r.problemf(reason, path, "key %q of %s %s", key, ref, fmt.Sprintf(format, args...))
}

// data returns what the object of ref, which is in the field at path, has. When it answers false, it noted why.
func (r *reader) data(path *field.Path, ref reference) (map[string][]byte, bool) {
	o := r.objects[ref]
	if o == nil {
		r.problemf(hook.ReasonLookupFailing, path,
			"%s cannot be watched: controllers refer to more than %d Secrets and ConfigMaps", ref, maxObjects)
		return nil, false
	}
	data, known, err := o.look()
	switch {
	case apierrors.IsForbidden(err):
		r.problemf(hook.ReasonForbidden, path, "cannot watch %s: %v", ref, err)
	case err != nil:
		r.problemf(hook.ReasonLookupFailing, path, "cannot watch %s: %v", ref, err)
	case !known:
		r.loading = true
	case data == nil:
		reason := hook.ReasonSecretNotFound
		if ref.kind == ConfigMap {
			reason = hook.ReasonConfigMapNotFound
		}
		r.problemf(reason, path, "%s does not exist: hooks are called as soon as it does", ref)
	default:
		return data, true
	}
	return nil, false
}

// value returns what the data of ref's object has under a key. When it answers false, it noted why.
func (r *reader) value(path *field.Path, ref reference, data map[string][]byte, key string) ([]byte, bool) {
	value, ok := data[key]
	if !ok {
		r.invalid(ref, path, key, "is missing")
	}
	return value, ok
}

func (r *reader) readCABundle() {
	bundle, path := r.spec.CABundle, r.spec.Path.Child("caBundle")
	if bundle == nil {
		return
	}
	switch {
	case bundle.Inline != "":
		if err := r.read.setRootCAs([]byte(bundle.Inline)); err != nil {
			r.problemf(hook.ReasonInvalidSpec, path.Child("inline"), "%v", err)
		}
		return
	case bundle.SecretRef != nil:
		ref := reference{Secret, bundle.SecretRef.Namespace, bundle.SecretRef.Name}
		r.readAuthorities(path.Child("secretRef"), ref, bundle.SecretRef.Key)
	case bundle.ConfigMapRef != nil:
		ref := reference{ConfigMap, bundle.ConfigMapRef.Namespace, bundle.ConfigMapRef.Name}
		r.readAuthorities(path.Child("configMapRef"), ref, bundle.ConfigMapRef.Key)
	default:
		r.problemf(hook.ReasonInvalidSpec, path, "none of inline, secretRef and configMapRef is set")
	}
}

func (r *reader) readAuthorities(path *field.Path, ref reference, key string) {
	data, ok := r.data(path, ref)
	if !ok {
		return
	}
	key = cmp.Or(key, metacontroller.DefaultCABundleKey)
	value, ok := r.value(path, ref, data, key)
	if !ok {
		return
	}
	if err := r.read.setRootCAs(value); err != nil {
		r.invalid(ref, path, key, "is no CA bundle: %v", err)
	}
}

func (r *reader) readClientTLS() {
	spec := r.spec.ClientTLS
	if spec == nil {
		return
	}
	path := r.spec.Path.Child("clientTLS", "secretRef")
	ref := reference{Secret, spec.SecretRef.Namespace, spec.SecretRef.Name}
	data, ok := r.data(path, ref)
	if !ok {
		return
	}
	certKey := cmp.Or(spec.CertKey, metacontroller.DefaultClientTLSCertKey)
	privateKey := cmp.Or(spec.PrivateKeyKey, metacontroller.DefaultClientTLSPrivateKey)
	certificate, haveCertificate := r.value(path, ref, data, certKey)
	private, havePrivate := r.value(path, ref, data, privateKey)
	if !haveCertificate || !havePrivate {
		return
	}
	if err := r.read.setCertificate(certificate, private); err != nil {
		r.invalid(ref, path, certKey, "and key %q are no certificate with its private key: %v", privateKey, err)
	}
}

func (r *reader) readAuthorization() {
	spec := r.spec.Authorization
	if spec == nil {
		return
	}
	path := r.spec.Path.Child("authorization", "secretRef")
	ref := reference{Secret, spec.SecretRef.Namespace, spec.SecretRef.Name}
	data, ok := r.data(path, ref)
	if !ok {
		return
	}
	key := spec.SecretRef.Key
	value, ok := r.value(path, ref, data, key)
	if !ok {
		return
	}
	token := strings.TrimSpace(string(value))
	switch {
	case token == "":
		r.invalid(ref, path, key, "is empty")
	case !httpguts.ValidHeaderFieldValue(token):
		r.invalid(ref, path, key, "has characters that an HTTP header cannot hold, such as a line break in its middle")
	default:
		r.read.Authorization = cmp.Or(spec.Type, metacontroller.DefaultAuthorizationType) + " " + token
		r.read.secrets = append(r.read.secrets, token)
	}
}

func (r *reader) readBasicAuth() {
	spec := r.spec.BasicAuth
	if spec == nil {
		return
	}
	path := r.spec.Path.Child("basicAuth", "secretRef")
	ref := reference{Secret, spec.SecretRef.Namespace, spec.SecretRef.Name}
	data, ok := r.data(path, ref)
	if !ok {
		return
	}
	userKey := cmp.Or(spec.UsernameKey, metacontroller.DefaultBasicAuthUsername)
	user, haveUser := r.value(path, ref, data, userKey)
	password, havePassword := r.value(path, ref, data, cmp.Or(spec.PasswordKey, metacontroller.DefaultBasicAuthPassword))
	if !haveUser || !havePassword {
		return
	}
	name, secret := strings.TrimSpace(string(user)), strings.TrimSpace(string(password))
	if strings.Contains(name, ":") {
		r.invalid(ref, path, userKey, "is no user name for HTTP Basic: it has a colon")
		return
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(name + ":" + secret))
	r.read.Authorization = "Basic " + encoded
	r.read.secrets = append(r.read.secrets, encoded, secret)
}
