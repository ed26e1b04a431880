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

package certificate

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	certutil "k8s.io/client-go/util/cert"
	clocktesting "k8s.io/utils/clock/testing"
)

const host = "hookplane.hookplane-system.svc"

var (
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	name  = types.NamespacedName{Namespace: "hookplane-system", Name: "hookplane-serving-cert"}
)

func newKeeper(secrets Secrets, clock *clocktesting.FakeClock) *Keeper {
	return NewKeeper(Config{Secrets: secrets, Secret: name, Hosts: []string{host}, Clock: clock})
}

func runOnce(t *testing.T, k *Keeper) {
	t.Helper()
	if err := k.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// connect does what a TLS client does that trusts the bundle.
func connect(k *Keeper, bundle []byte, now time.Time) error {
	pair, err := tls.X509KeyPair(k.CurrentCertKeyContent())
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, DNSName: host, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	return err
}

// TestKeeperNeverFails lives through five certificates with two replicas, of which the second reads the Secret late and publishes
// what it knows. Whoever connects to either at any time succeeds, with what either has published.
func TestKeeperNeverFails(t *testing.T) {
	const quiet, busy, late = 24 * time.Hour, 10 * time.Minute, 5 // the second replica does something in every fifth step
	clock, secrets := clocktesting.NewFakeClock(start), &store{}
	keepers := []*Keeper{newKeeper(secrets, clock), newKeeper(secrets, clock)}
	for _, k := range keepers {
		runOnce(t, k)
	}
	served := map[string]bool{}
	for i := 0; clock.Since(start) < 5*validity; i++ {
		if i%late == late-1 {
			runOnce(t, keepers[1])
		}
		runOnce(t, keepers[0]) // what it changes the other one sees in a later step
		for _, k := range keepers {
			certificate, _ := k.CurrentCertKeyContent()
			served[string(certificate)] = true
			for n, publisher := range keepers {
				if err := connect(k, publisher.CABundle(), clock.Now()); err != nil {
					t.Fatalf("after %s, by the authorities that replica %d publishes: %v", clock.Since(start), n, err)
				}
			}
		}
		if maps.EqualFunc(keepers[0].data, keepers[1].data, bytes.Equal) && keepers[0].data[nextCertKey] == nil {
			clock.Step(quiet)
		} else {
			clock.Step(busy)
		}
	}
	// A certificate is replaced when two thirds of its life are over.
	if got := len(served); got < 7 || got > 9 {
		t.Errorf("in five lives of a certificate there were %d", got)
	}
	authorities, err := certutil.ParseCertsPEM(keepers[0].CABundle())
	if err != nil || len(authorities) > 3 {
		t.Errorf("in the end there are %d authorities, %v", len(authorities), err)
	}
}

// TestKeeperPublishesFirst has the successor wait until it must be known.
func TestKeeperPublishesFirst(t *testing.T) {
	clock, secrets := clocktesting.NewFakeClock(start), &store{}
	k := newKeeper(secrets, clock)
	runOnce(t, k)
	first, _ := k.CurrentCertKeyContent()
	bundle := k.CABundle()

	clock.Step(validity - renewBefore - 1)
	runOnce(t, k)
	if !bytes.Equal(bundle, k.CABundle()) {
		t.Error("the successor comes early")
	}
	clock.Step(1)
	runOnce(t, k)
	if now, _ := k.CurrentCertKeyContent(); !bytes.Equal(now, first) || !bytes.HasPrefix(k.CABundle(), bundle) || bytes.Equal(k.CABundle(), bundle) {
		t.Error("when it is due, the authority of a successor is not published, or more happens")
	}
	clock.Step(overlap - 1)
	runOnce(t, k)
	if now, _ := k.CurrentCertKeyContent(); !bytes.Equal(now, first) {
		t.Error("the successor is used before everybody must know of it")
	}
	clock.Step(1)
	runOnce(t, k)
	if now, _ := k.CurrentCertKeyContent(); bytes.Equal(now, first) {
		t.Error("the successor is not used")
	}
	if err := connect(k, k.CABundle(), clock.Now()); err != nil {
		t.Error(err)
	}
}

// TestKeeperRepairs has Secrets that nobody can serve with: a new certificate is made at once.
func TestKeeperRepairs(t *testing.T) {
	for name, tc := range map[string]struct {
		damage func(data map[string][]byte)
		wait   time.Duration
	}{
		"Expired":        {wait: validity},
		"LongExpired":    {wait: 10 * validity},
		"Empty":          {damage: func(data map[string][]byte) { clear(data) }},
		"Garbage":        {damage: func(data map[string][]byte) { data[corev1.TLSCertKey] = []byte("none") }},
		"NoKey":          {damage: func(data map[string][]byte) { delete(data, corev1.TLSPrivateKeyKey) }},
		"NoAuthority":    {damage: func(data map[string][]byte) { delete(data, authoritiesKey) }},
		"OtherHost":      {damage: func(data map[string][]byte) { replace(t, data, []string{"other.hookplane-system.svc"}, start) }},
		"OtherAuthority": {damage: func(data map[string][]byte) { data[authoritiesKey] = made(t, []string{host}, start).authority }},
	} {
		t.Run(name, func(t *testing.T) {
			clock, secrets := clocktesting.NewFakeClock(start), &store{}
			runOnce(t, newKeeper(secrets, clock))
			if tc.damage != nil {
				tc.damage(secrets.secret.Data)
			}
			clock.Step(tc.wait)
			k := newKeeper(secrets, clock)
			runOnce(t, k)
			if err := connect(k, k.CABundle(), clock.Now()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestKeeperUsesSuccessor was down while the certificate expired whose successor is there.
func TestKeeperUsesSuccessor(t *testing.T) {
	clock, secrets := clocktesting.NewFakeClock(start), &store{}
	k := newKeeper(secrets, clock)
	runOnce(t, k)
	clock.Step(validity - renewBefore)
	runOnce(t, k)
	published := k.CABundle()
	clock.Step(renewBefore)
	runOnce(t, k)
	if err := connect(k, published, clock.Now()); err != nil {
		t.Error(err)
	}
}

func made(t *testing.T, hosts []string, now time.Time) *pair {
	t.Helper()
	p, err := issue(hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func replace(t *testing.T, data map[string][]byte, hosts []string, now time.Time) {
	t.Helper()
	p := made(t, hosts, now)
	maps.Copy(data, map[string][]byte{corev1.TLSCertKey: p.certificate, corev1.TLSPrivateKeyKey: p.key, authoritiesKey: p.authority})
}

// TestKeeperShares has two replicas make the first certificate at the same time: they serve with the same.
func TestKeeperShares(t *testing.T) {
	clock, secrets := clocktesting.NewFakeClock(start), &store{}
	a, b := newKeeper(secrets, clock), newKeeper(secrets, clock)
	secrets.read = func() {
		secrets.read = nil
		runOnce(t, b)
	}
	runOnce(t, a)
	ofA, _ := a.CurrentCertKeyContent()
	ofB, _ := b.CurrentCertKeyContent()
	if len(ofA) == 0 || !bytes.Equal(ofA, ofB) || secrets.version != 1 {
		t.Errorf("the replicas do not share a certificate; the Secret was written %d times", secrets.version)
	}

	clock.Step(validity - renewBefore)
	secrets.read = func() {
		secrets.read = nil
		runOnce(t, b)
	}
	runOnce(t, a)
	if !bytes.Equal(a.CABundle(), b.CABundle()) || secrets.version != 2 {
		t.Errorf("the replicas publish different authorities; the Secret was written %d times", secrets.version)
	}
}

func TestKeeperRefuses(t *testing.T) {
	clock := clocktesting.NewFakeClock(start)
	foreign := &store{secret: &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name.Name}}}
	if err := newKeeper(foreign, clock).RunOnce(t.Context()); err == nil || !strings.Contains(err.Error(), "is not hookplane's") || foreign.version > 0 {
		t.Errorf("a Secret of somebody else gives %v", err)
	}
	down := errors.New("the cluster is down")
	if err := newKeeper(&store{err: down}, clock).RunOnce(t.Context()); !errors.Is(err, down) {
		t.Errorf("a cluster that is down gives %v", err)
	}
}

type listener struct{ told chan struct{} }

func (l *listener) Enqueue() { l.told <- struct{}{} }

// TestKeeperRun renews without being asked, goes on after a failure, and tells who serves.
func TestKeeperRun(t *testing.T) {
	clock, secrets := clocktesting.NewFakeClock(start), &store{}
	k := newKeeper(secrets, clock)
	runOnce(t, k)
	l := &listener{told: make(chan struct{}, 1)}
	k.AddListener(l)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.Run(ctx, 1)
	}()
	pass := func(d time.Duration) {
		t.Helper()
		for !clock.HasWaiters() {
			time.Sleep(time.Millisecond)
		}
		clock.Step(d)
	}
	first, _ := k.CurrentCertKeyContent()
	pass(validity - renewBefore)
	pass(overlap)
	<-l.told
	if now, _ := k.CurrentCertKeyContent(); bytes.Equal(now, first) {
		t.Error("the certificate is the same")
	}
	cancel()
	<-ended
}
