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

package credentials_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
	"github.com/hookplane/hookplane/pkg/hook"
	"github.com/hookplane/hookplane/pkg/hook/credentials"
)

var path = field.NewPath("spec", "hooks", "sync", "webhook")

func bearer(secret string) credentials.Spec {
	return credentials.Spec{Path: path, Authorization: &v1alpha1.Authorization{
		SecretRef: v1alpha1.SecretKeyReference{Namespace: "ns", Name: secret, Key: "token"},
	}}
}

func basic(secret string) credentials.Spec {
	return credentials.Spec{Path: path, BasicAuth: &v1alpha1.BasicAuth{SecretRef: v1alpha1.SecretReference{Namespace: "ns", Name: secret}}}
}

func clientTLS(secret string) credentials.Spec {
	return credentials.Spec{Path: path, ClientTLS: &v1alpha1.ClientTLS{SecretRef: v1alpha1.SecretReference{Namespace: "ns", Name: secret}}}
}

func authorities(configMap string) credentials.Spec {
	return credentials.Spec{Path: path, CABundle: &v1alpha1.CABundle{
		ConfigMapRef: &v1alpha1.ConfigMapKeyReference{Namespace: "ns", Name: configMap},
	}}
}

// open opens a source until the test ends.
func open(t *testing.T, store *credentials.Store, spec credentials.Spec) *credentials.Source {
	t.Helper()
	source := store.Open(t.Context(), spec)
	t.Cleanup(source.Close)
	return source
}

// eventually waits until check returns nil.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// eventuallySends waits for an Authorization header.
func eventuallySends(t *testing.T, source *credentials.Source, want string) {
	t.Helper()
	eventually(t, func() error {
		current, err := source.Current()
		if err != nil {
			return err
		}
		if current.Authorization != want {
			return fmt.Errorf("sends %q, want %q", current.Authorization, want)
		}
		return nil
	})
}

// eventuallyFails waits for an error.
func eventuallyFails(t *testing.T, source *credentials.Source, reason, message string) {
	t.Helper()
	eventually(t, func() error {
		_, err := source.Current()
		if unavailable, ok := errors.AsType[*hook.UnavailableError](err); ok && unavailable.Reason == reason && strings.Contains(unavailable.Message, message) {
			return nil
		}
		return fmt.Errorf("error %w, want %s with %q", err, reason, message)
	})
}

func TestSourceReads(t *testing.T) {
	ca, leaf := newAuthority(t, "ca"), newAuthority(t, "leaf")
	tests := map[string]struct {
		spec       credentials.Spec
		secret     map[string]string
		configMap  map[string]string
		reason     string // "" for none
		want       string // the header or the message
		wantRootCA bool
		wantPair   bool
	}{
		"Bearer":        {spec: bearer("s"), secret: map[string]string{"token": " abc\n"}, want: "Bearer abc"},
		"BearerNoKey":   {spec: bearer("s"), secret: map[string]string{"Token": "hidden"}, reason: "InvalidSecret", want: `spec.hooks.sync.webhook.authorization.secretRef: key "token" of Secret "ns/s" is missing`},
		"BearerEmpty":   {spec: bearer("s"), secret: map[string]string{"token": " \n"}, reason: "InvalidSecret", want: `authorization.secretRef: key "token" of Secret "ns/s" is empty`},
		"BearerInvalid": {spec: bearer("s"), secret: map[string]string{"token": "hid\nden"}, reason: "InvalidSecret", want: `key "token" of Secret "ns/s" has characters`},
		"BearerMissing": {spec: bearer("other"), secret: map[string]string{}, reason: "SecretNotFound", want: `spec.hooks.sync.webhook.authorization.secretRef: Secret "ns/other" does not exist`},
		"Basic":         {spec: basic("s"), secret: map[string]string{"username": " me ", "password": "p:w\n"}, want: "Basic bWU6cDp3"},
		"BasicColon":    {spec: basic("s"), secret: map[string]string{"username": "hid:den", "password": "hidden"}, reason: "InvalidSecret", want: `basicAuth.secretRef: key "username" of Secret "ns/s" is no user name for HTTP Basic: it has a colon`},
		"BasicNoKeys":   {spec: basic("s"), secret: map[string]string{}, reason: "InvalidSecret", want: `key "username" of Secret "ns/s" is missing; spec.hooks.sync.webhook.basicAuth.secretRef: key "password" of`},
		"ClientTLS":     {spec: clientTLS("s"), secret: map[string]string{"tls.crt": leaf.certificate, "tls.key": leaf.key}, wantPair: true},
		"ClientTLSMismatch": {
			spec: clientTLS("s"), secret: map[string]string{"tls.crt": leaf.certificate, "tls.key": ca.key}, reason: "InvalidSecret",
			want: `clientTLS.secretRef: key "tls.crt" of Secret "ns/s" and key "tls.key" are no certificate with its private key: tls: private key does not match public key`,
		},
		"ClientTLSGarbled": {
			spec: clientTLS("s"), secret: map[string]string{"tls.crt": "hidden", "tls.key": "hidden"}, reason: "InvalidSecret",
			want: "are no certificate with its private key",
		},
		"CABundle":        {spec: authorities("c"), configMap: map[string]string{"ca.crt": "text\n" + ca.certificate + leaf.certificate}, wantRootCA: true},
		"CABundleMissing": {spec: authorities("other"), reason: "ConfigMapNotFound", want: `spec.hooks.sync.webhook.caBundle.configMapRef: ConfigMap "ns/other" does not exist`},
		"CABundleNoKey":   {spec: authorities("c"), configMap: map[string]string{}, reason: "InvalidConfigMap", want: `key "ca.crt" of ConfigMap "ns/c" is missing`},
		"CABundleGarbled": {spec: authorities("c"), configMap: map[string]string{"ca.crt": "hidden"}, reason: "InvalidConfigMap", want: `key "ca.crt" of ConfigMap "ns/c" is no CA bundle: it has no certificate in PEM`},
		"CABundleCut": {
			spec: authorities("c"), configMap: map[string]string{"ca.crt": ca.certificate + ca.certificate[:100]}, reason: "InvalidConfigMap",
			want: "is no CA bundle: it is not valid PEM after 1 certificates",
		},
		"CABundleNoCertificate": {
			spec: authorities("c"), configMap: map[string]string{"ca.crt": "-----BEGIN CERTIFICATE-----\naGlkZGVu\n-----END CERTIFICATE-----\n"},
			reason: "InvalidConfigMap", want: "certificate 1 cannot be parsed",
		},
		"CABundleNone":   {spec: credentials.Spec{Path: path, CABundle: &v1alpha1.CABundle{}}, reason: "InvalidSpec", want: "caBundle: none of"},
		"Inline":         {spec: credentials.Spec{Path: path, CABundle: &v1alpha1.CABundle{Inline: ca.certificate}}, wantRootCA: true},
		"InlineGarbled":  {spec: credentials.Spec{Path: path, CABundle: &v1alpha1.CABundle{Inline: "x"}}, reason: "InvalidSpec", want: "caBundle.inline: it has no"},
		"NothingToKnow":  {spec: credentials.Spec{Path: path}},
		"OtherType":      {spec: token(bearer("s"), "Token"), secret: map[string]string{"token": "abc"}, want: "Token abc"},
		"TwoOfOneSecret": {spec: both("s"), secret: map[string]string{"token": "abc", "tls.crt": leaf.certificate, "tls.key": leaf.key}, want: "Bearer abc", wantPair: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			api, store := newAPI(t)
			if tc.secret != nil {
				api.setSecret("s", tc.secret)
			}
			if tc.configMap != nil {
				api.setConfigMap("c", tc.configMap)
			}
			source := open(t, store, tc.spec)
			if tc.reason != "" {
				eventuallyFails(t, source, tc.reason, tc.want)
				if err := source.Err(); err == nil || strings.Contains(err.Error(), "hidden") {
					t.Errorf("Err() = %v, want an error without values", err)
				}
				return
			}
			if err := source.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventuallySends(t, source, tc.want)
			current, _ := source.Current()
			if (current.RootCAs != nil) != tc.wantRootCA || (current.Certificate != nil) != tc.wantPair {
				t.Errorf("credentials %+v, want RootCAs: %v, Certificate: %v", current, tc.wantRootCA, tc.wantPair)
			}
			if (current.Identity != "") != (tc.wantRootCA || tc.wantPair) {
				t.Errorf("Identity is %q", current.Identity)
			}
		})
	}
}

func token(spec credentials.Spec, scheme string) credentials.Spec {
	spec.Authorization.Type = scheme
	return spec
}

func both(secret string) credentials.Spec {
	spec := bearer(secret)
	spec.ClientTLS = clientTLS(secret).ClientTLS
	return spec
}

func TestSourceFollowsChanges(t *testing.T) {
	api, store := newAPI(t)
	source := open(t, store, bearer("s"))
	eventuallyFails(t, source, "SecretNotFound", `Secret "ns/s"`)
	waited := make(chan error, 1)
	go func() { waited <- source.Wait(t.Context()) }()
	api.setSecret("s", map[string]string{"token": "one"})
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	eventuallySends(t, source, "Bearer one")
	before, _ := source.Current()
	api.setSecret("s", map[string]string{"token": "two"})
	eventuallySends(t, source, "Bearer two")
	if after, _ := source.Current(); before == after {
		t.Error("credentials were changed instead of replaced")
	}
	api.deleteSecret("s")
	eventuallyFails(t, source, "SecretNotFound", `Secret "ns/s"`)
	api.setSecret("s", map[string]string{"token": "three"})
	eventuallySends(t, source, "Bearer three")
}

func TestSourceLivesThroughLostWatch(t *testing.T) {
	api, store := newAPI(t)
	api.setSecret("s", map[string]string{"token": "one"})
	source := open(t, store, bearer("s"))
	eventuallySends(t, source, "Bearer one")
	eventually(t, func() error { return watches(api, 1) })
	api.cut()
	api.setSecret("s", map[string]string{"token": "two"})
	eventuallySends(t, source, "Bearer two")
}

func TestSourceForbidden(t *testing.T) {
	api, store := newAPI(t)
	api.setSecret("s", map[string]string{"token": "one"})
	api.forbid(true)
	source := open(t, store, bearer("s"))
	eventuallyFails(t, source, "Forbidden", `spec.hooks.sync.webhook.authorization.secretRef: cannot watch Secret "ns/s": `)
	api.forbid(false)
	eventuallySends(t, source, "Bearer one")
	api.forbid(true)
	api.cut()
	eventuallyFails(t, source, "Forbidden", "cannot watch")
}

// TestSourceOutlivesAPIServer has credentials that are known be used as long as nobody says otherwise.
func TestSourceOutlivesAPIServer(t *testing.T) {
	api, store := newAPI(t)
	api.setSecret("s", map[string]string{"token": "one"})
	source := open(t, store, bearer("s"))
	eventuallySends(t, source, "Bearer one")
	eventually(t, func() error { return watches(api, 1) })
	api.leave()
	api.cut()
	eventually(t, func() error {
		if failed := api.failed(); failed < 3 {
			return fmt.Errorf("%d requests have failed", failed)
		}
		return nil
	})
	if current, err := source.Current(); err != nil || current.Authorization != "Bearer one" || source.Err() != nil {
		t.Errorf("while the API server is away: Current() = %v, %v, Err() = %v", current, err, source.Err())
	}
}

func TestSourceUnreachable(t *testing.T) {
	api, store := newAPI(t)
	api.server.Close()
	source := open(t, store, bearer("s"))
	eventuallyFails(t, source, "LookupFailing", `cannot watch Secret "ns/s"`)
}

// watches returns an error when not that many watches are open.
func watches(api *api, want int) error {
	if got, _ := api.watching(); got != want {
		return fmt.Errorf("%d watches are open, want %d", got, want)
	}
	return nil
}

func TestStoreSharesWatches(t *testing.T) {
	api, store := newAPI(t)
	api.setSecret("s", map[string]string{"token": "one"})
	first := store.Open(t.Context(), bearer("s"))
	eventuallySends(t, first, "Bearer one")
	second := store.Open(t.Context(), both("s"))
	eventuallyFails(t, second, "InvalidSecret", "tls.crt")
	third := store.Open(t.Context(), bearer("other"))
	eventuallyFails(t, third, "SecretNotFound", "other")
	eventually(t, func() error { return watches(api, 2) })
	first.Close()
	api.setSecret("s", map[string]string{"token": ""})
	eventuallyFails(t, second, "InvalidSecret", "is empty")
	if _, opened := api.watching(); opened != 2 {
		t.Errorf("%d watches were opened, want one for each object", opened)
	}
	second.Close()
	third.Close()
	eventually(t, func() error { return watches(api, 0) })
}

func TestIdentity(t *testing.T) {
	ca, leaf := newAuthority(t, "ca"), newAuthority(t, "leaf")
	_, store := newAPI(t)
	identity := func(bundle string) string {
		source := open(t, store, credentials.Spec{Path: path, CABundle: &v1alpha1.CABundle{Inline: bundle}})
		current, err := source.Current()
		if err != nil {
			t.Fatal(err)
		}
		return current.Identity
	}
	first := identity(ca.certificate)
	if again := identity(ca.certificate); again != first {
		t.Error("equal bundles have different identities")
	}
	if identity(leaf.certificate) == first {
		t.Error("different bundles have one identity")
	}
}

func TestRedact(t *testing.T) {
	tests := map[string]struct {
		spec credentials.Spec
		text string
		want string
	}{
		"Bearer":  {spec: bearer("s"), text: `{"Authorization":"Bearer t0ken"}`, want: `{"Authorization":"Bearer [REDACTED]"}`},
		"Basic":   {spec: basic("s"), text: "Basic bWU6cGFzcw== is me:pass", want: "Basic [REDACTED] is me:[REDACTED]"},
		"Nothing": {spec: credentials.Spec{Path: path}, text: "t0ken", want: "t0ken"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			api, store := newAPI(t)
			api.setSecret("s", map[string]string{"token": "t0ken", "username": "me", "password": "pass"})
			source := open(t, store, tc.spec)
			if err := source.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			current, _ := source.Current()
			if diff := cmp.Diff(tc.want, string(current.Redact([]byte(tc.text)))); diff != "" {
				t.Errorf("Redact() (-want +got):\n%s", diff)
			}
		})
	}
}
