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

package initializercontroller

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// initializerNameField is the field label by which an initializer is found.
const initializerNameField = "spec.initializerName"

// uniqueNames refuses an InitializerController whose initializerName another
// one has. The name cannot be changed, so looking on create is enough.
//
// Creates through one server are looked at one after the other. Two servers
// may both admit the same name at the same moment; the controllers then run
// the older object only.
type uniqueNames struct {
	list     func(context.Context, *internalversion.ListOptions) (runtime.Object, error)
	creating sync.Mutex
}

// beginCreate implements genericregistry.BeginCreateFunc: it keeps others from
// creating until the object is stored.
func (u *uniqueNames) beginCreate(ctx context.Context, obj runtime.Object, _ *metav1.CreateOptions) (genericregistry.FinishFunc, error) {
	controller := obj.(*metacontroller.InitializerController)
	u.creating.Lock()
	if err := u.check(ctx, controller); err != nil {
		u.creating.Unlock()
		return nil, err
	}
	var once sync.Once // the store may finish twice
	return func(context.Context, bool) { once.Do(u.creating.Unlock) }, nil
}

func (u *uniqueNames) check(ctx context.Context, controller *metacontroller.InitializerController) error {
	name := controller.Spec.InitializerName
	found, err := u.list(ctx, &internalversion.ListOptions{FieldSelector: fields.OneTermEqualSelector(initializerNameField, name)})
	if err != nil {
		return err
	}
	return meta.EachListItem(found, func(item runtime.Object) error {
		other := item.(*metacontroller.InitializerController)
		if other.Name == controller.Name {
			return nil // the store is about to say that it exists
		}
		duplicate := field.Duplicate(field.NewPath("spec", "initializerName"), name)
		duplicate.Detail = fmt.Sprintf("it is the name of InitializerController %q: choose another one", other.Name)
		return apierrors.NewInvalid(metacontroller.Kind("InitializerController"), controller.Name, field.ErrorList{duplicate})
	})
}
