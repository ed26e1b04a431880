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

package host

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/cacher"
	"k8s.io/apiserver/pkg/storage/feature"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/apiserver/pkg/storage/value"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
)

// RESTOptionsGetter makes a generic registry store its objects in the host cluster, behind a watch cache.
type RESTOptionsGetter struct {
	host   *rest.Config
	kinds  map[string]Kind // by resource
	config storagebackend.Config
	clock  clock.Clock
}

var _ generic.RESTOptionsGetter = &RESTOptionsGetter{}

// NewRESTOptionsGetter returns options for the kinds, whose definitions must be installed. Of the config, it is the
// codec, the encode versioner and the history window of the cache that matter.
func NewRESTOptionsGetter(host *rest.Config, kinds []Kind, config storagebackend.Config, clock clock.Clock) *RESTOptionsGetter {
	byResource := make(map[string]Kind, len(kinds))
	for _, kind := range kinds {
		byResource[kind.Resource] = kind
	}
	return &RESTOptionsGetter{host: host, kinds: byResource, config: config, clock: clock}
}

// GetRESTOptions implements generic.RESTOptionsGetter.
func (g *RESTOptionsGetter) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	kind, found := g.kinds[resource.Resource]
	if !found {
		return generic.RESTOptions{}, fmt.Errorf("the host cluster has no storage for %s", resource)
	}
	return generic.RESTOptions{
		StorageConfig: g.config.ForResource(resource), Decorator: g.decorator(kind), ResourcePrefix: "/" + resource.Group + "/" + resource.Resource,
		EnableGarbageCollection: true, DeleteCollectionWorkers: 1, CountMetricPollPeriod: g.config.CountMetricPollPeriod,
		StorageObjectCountTracker: g.config.StorageObjectCountTracker,
	}, nil
}

func (g *RESTOptionsGetter) decorator(kind Kind) generic.StorageDecorator {
	return func(config *storagebackend.ConfigForResource, resourcePrefix string, keyFunc func(runtime.Object) (string, error),
		newFunc, newListFunc func() runtime.Object, attrs storage.AttrFunc, triggers storage.IndexerFuncs, indexers *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		store, err := New(Config{
			Host: g.host, Kind: kind, ResourcePrefix: resourcePrefix, NewFunc: newFunc, Codec: config.Codec,
			Transformer: corruptTransformer{identity.NewEncryptCheckTransformer()}, Clock: g.clock,
		})
		if err != nil {
			return nil, nil, err
		}
		cached, err := cacher.NewCacherFromConfig(cacher.Config{
			Storage: store, Versioner: store.Versioner(), GroupResource: config.GroupResource, EventsHistoryWindow: config.EventsHistoryWindow,
			ResourcePrefix: resourcePrefix, KeyFunc: keyFunc, NewFunc: newFunc, NewListFunc: newListFunc, GetAttrsFunc: attrs,
			IndexerFuncs: triggers, Indexers: indexers, Codec: config.Codec,
		})
		if err != nil {
			return nil, nil, err
		}
		delegator := cacher.NewCacheDelegator(cached, store)
		// The status of a kind shares its storage, which is therefore destroyed twice.
		return delegator, sync.OnceFunc(func() {
			delegator.Stop()
			cached.Stop()
		}), nil
	}
}

// corruptTransformer tells what cannot be decrypted as corrupt.
type corruptTransformer struct {
	value.Transformer
}

// TransformFromStorage implements value.Transformer.
func (t corruptTransformer) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	out, stale, err := t.Transformer.TransformFromStorage(ctx, data, dataCtx)
	if err != nil {
		err = &CorruptError{err}
	}
	return out, stale, err
}

// progressSupported says that storage tells its progress on request, and leaves all else to etcd's own answer.
type progressSupported struct {
	feature.FeatureSupportChecker
}

// Supports implements feature.FeatureSupportChecker.
func (p progressSupported) Supports(name storage.Feature) bool {
	return name == storage.RequestWatchProgress || p.FeatureSupportChecker.Supports(name)
}

// AnnounceProgress makes the watch caches of this process serve consistent reads, which they do only when the storage
// can be asked how far it is. The library keeps that in a variable: it is to be called before anything is served, in a
// process that stores in the host cluster alone.
func AnnounceProgress() {
	feature.DefaultFeatureSupportChecker = progressSupported{feature.NewDefaultFeatureSupportChecker()}
}
