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

package validation

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// security is what webhooks and endpointConfigs have in common.
type security struct {
	caBundle      *metacontroller.CABundle
	clientTLS     *metacontroller.ClientTLS
	authorization *metacontroller.Authorization
	basicAuth     *metacontroller.BasicAuth
}

func validateSecurity(s security, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if s.caBundle != nil {
		errs = append(errs, validateCABundle(s.caBundle, path.Child("caBundle"))...)
	}
	if s.clientTLS != nil {
		path := path.Child("clientTLS")
		errs = append(errs, validateKey(s.clientTLS.CertKey, path.Child("certKey"))...)
		errs = append(errs, validateKey(s.clientTLS.PrivateKeyKey, path.Child("privateKeyKey"))...)
	}
	if s.authorization != nil {
		errs = append(errs, validateAuthorization(s.authorization, path.Child("authorization"))...)
	}
	if s.basicAuth != nil {
		path := path.Child("basicAuth")
		errs = append(errs, validateKey(s.basicAuth.UsernameKey, path.Child("usernameKey"))...)
		errs = append(errs, validateKey(s.basicAuth.PasswordKey, path.Child("passwordKey"))...)
	}
	return errs
}

// validateCABundle checks what each source says. That there is exactly one is
// checked declaratively.
func validateCABundle(bundle *metacontroller.CABundle, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if bundle.Inline != "" {
		errs = append(errs, validatePEM(bundle.Inline, path.Child("inline"))...)
	}
	if ref := bundle.SecretRef; ref != nil {
		errs = append(errs, validateKey(ref.Key, path.Child("secretRef", "key"))...)
	}
	if ref := bundle.ConfigMapRef; ref != nil {
		errs = append(errs, validateKey(ref.Key, path.Child("configMapRef", "key"))...)
	}
	return errs
}

// validatePEM checks that every block of the bundle can be used.
func validatePEM(bundle string, path *field.Path) field.ErrorList {
	invalid := func(detail string) field.ErrorList {
		return field.ErrorList{field.Invalid(path, excerpt(bundle), detail)}
	}
	certificates := 0
	rest := []byte(bundle)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return invalid(fmt.Sprintf("must have CERTIFICATE blocks only, has %q", block.Type))
		}
		certificates++
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return invalid(fmt.Sprintf("certificate %d cannot be parsed: %v", certificates, err))
		}
	}
	if strings.Contains(string(rest), "-----BEGIN") {
		return invalid(fmt.Sprintf("block %d is not valid PEM", certificates+1))
	}
	if certificates == 0 {
		return invalid("must have at least one certificate in PEM, starting with -----BEGIN CERTIFICATE-----")
	}
	return nil
}

// excerpt is the start of a long value, for messages: of a text of several
// lines the first, because the others may be those of a private key.
func excerpt(value string) string {
	const limit = 64
	line, _, several := strings.Cut(value, "\n")
	if !several && len(value) <= limit {
		return value
	}
	return fmt.Sprintf("%s... (%d bytes)", strings.ToValidUTF8(line[:min(limit, len(line))], ""), len(value))
}

func validateAuthorization(authorization *metacontroller.Authorization, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch kind := authorization.Type; {
	case strings.EqualFold(kind, "basic"):
		errs = append(errs, field.Invalid(path.Child("type"), kind, "may not be Basic: use basicAuth"))
	case !httpguts.ValidHeaderFieldName(kind):
		errs = append(errs, field.Invalid(path.Child("type"), kind, "must be an HTTP authentication scheme, for example Bearer"))
	}
	return append(errs, validateKey(authorization.SecretRef.Key, path.Child("secretRef", "key"))...)
}

// validateKey checks a key of a Secret or ConfigMap.
func validateKey(key string, path *field.Path) field.ErrorList {
	if key == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	var errs field.ErrorList
	for _, message := range validation.IsConfigMapKey(key) {
		errs = append(errs, field.Invalid(path, key, message))
	}
	return errs
}
