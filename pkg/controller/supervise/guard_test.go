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

package supervise

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hookplane/hookplane/apis/metacontroller/v1alpha1"
)

var (
	things   = TypeName{"example.com/v1", "things"}
	services = TypeName{"v1", "services"}
)

// guarding returns a supervisor of controllers with these parents that notes what is written.
func guarding(finalizes bool, parents []TypeName, written *[]*v1alpha1.DecoratorController) *Supervisor[*v1alpha1.DecoratorController] {
	return &Supervisor[*v1alpha1.DecoratorController]{Config: Config[*v1alpha1.DecoratorController]{Kind: Kind[*v1alpha1.DecoratorController]{
		Parents:   func(*v1alpha1.DecoratorController) []TypeName { return parents },
		Finalizes: func(*v1alpha1.DecoratorController) bool { return finalizes },
		Update: func(_ context.Context, c *v1alpha1.DecoratorController, _ metav1.UpdateOptions) (*v1alpha1.DecoratorController, error) {
			*written = append(*written, c)
			return c, nil
		},
	}}}
}

func TestGuard(t *testing.T) {
	for name, tc := range map[string]struct {
		noted              string // "-": not guarded
		going, withoutHook bool
		parents            []TypeName
		outdated           []TypeName
		needed             bool
	}{
		"Current":      {noted: "example.com/v1/things,v1/services", parents: []TypeName{services, things}},
		"NoAnnotation": {noted: "", parents: []TypeName{things}},
		"New":          {noted: "-", parents: []TypeName{things}, needed: true},
		"OneMore":      {noted: "example.com/v1/things", parents: []TypeName{things, services}, needed: true},
		"OneLess":      {noted: "example.com/v1/things,v1/services", parents: []TypeName{things}, outdated: []TypeName{services}},
		"OtherVersion": {noted: "example.com/v1/things", parents: []TypeName{{"example.com/v2", "things"}}, outdated: []TypeName{things}, needed: true},
		"Going":        {noted: "example.com/v1/things", going: true, parents: []TypeName{things}, outdated: []TypeName{things}},
		"GoingBare":    {noted: "-", going: true, parents: []TypeName{things}},
		"NoHook":       {noted: "example.com/v1/things", withoutHook: true, parents: []TypeName{things}, outdated: []TypeName{things}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &v1alpha1.DecoratorController{}
			if tc.noted != "-" {
				c.Finalizers, c.Annotations = []string{guardFinalizer}, map[string]string{guardAnnotation: tc.noted}
			}
			if tc.going {
				c.DeletionTimestamp = &metav1.Time{}
			}
			s := guarding(!tc.withoutHook, tc.parents, nil)
			if diff := cmp.Diff(tc.outdated, s.outdated(c)); diff != "" && len(tc.outdated)+len(s.outdated(c)) > 0 {
				t.Errorf("outdated() (-want +got):\n%s", diff)
			}
			if got := s.needsGuard(c); got != tc.needed {
				t.Errorf("needsGuard() = %t, want %t", got, tc.needed)
			}
		})
	}
}

func TestSetGuard(t *testing.T) {
	var written []*v1alpha1.DecoratorController
	s := guarding(true, nil, &written)
	c := &v1alpha1.DecoratorController{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{"example.com/other"}}}
	if err := s.setGuard(t.Context(), c, []TypeName{things, services}); err != nil {
		t.Fatal(err)
	}
	if err := s.setGuard(t.Context(), written[0], nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"example.com/other", guardFinalizer}, written[0].Finalizers); diff != "" {
		t.Errorf("finalizers of a guarded controller (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]TypeName{things, services}, s.guarded(written[0])); diff != "" {
		t.Errorf("guarded() (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"example.com/other"}, written[1].Finalizers); diff != "" {
		t.Errorf("finalizers afterwards (-want +got):\n%s", diff)
	}
	if len(c.Finalizers) != 1 || len(written[1].Annotations) != 0 {
		t.Errorf("the original has %q, and the annotations %v are left", c.Finalizers, written[1].Annotations)
	}
}
