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

package hoststorage

import (
	"context"
	"errors"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	featuregatetesting "k8s.io/component-base/featuregate/testing"

	"github.com/hookplane/hookplane/registry/storage/host"
)

// contract are the tests that Kubernetes runs against etcd, by name.
var contract = map[string]func(ctx context.Context, t *testing.T, s *testStore){
	"RunTestCreate": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestCreate(ctx, t, s, stored(s))
	},
	"RunTestCreateWithKeyExist":                      simple(storagetesting.RunTestCreateWithKeyExist),
	"RunTestGet":                                     simple(storagetesting.RunTestGet),
	"RunTestUnconditionalDelete":                     simple(storagetesting.RunTestUnconditionalDelete),
	"RunTestConditionalDelete":                       simple(storagetesting.RunTestConditionalDelete),
	"RunTestDeleteWithSuggestion":                    simple(storagetesting.RunTestDeleteWithSuggestion),
	"RunTestDeleteWithSuggestionAndConflict":         simple(storagetesting.RunTestDeleteWithSuggestionAndConflict),
	"RunTestDeleteWithSuggestionOfDeletedObject":     simple(storagetesting.RunTestDeleteWithSuggestionOfDeletedObject),
	"RunTestValidateDeletionWithSuggestion":          simple(storagetesting.RunTestValidateDeletionWithSuggestion),
	"RunTestValidateDeletionWithOnlySuggestionValid": simple(storagetesting.RunTestValidateDeletionWithOnlySuggestionValid),
	"RunTestDeleteWithConflict":                      simple(storagetesting.RunTestDeleteWithConflict),
	"RunTestDeleteWithConflictAndMissingExpectedTransformOrDecodeError": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestDeleteWithConflictAndMissingExpectedTransformOrDecodeError(ctx, t, s, s.codec.failing.Store)
	},
	"RunTestDeleteExpectedTransformOrDecodeError": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestDeleteExpectedTransformOrDecodeError(ctx, t, s, s.codec.failing.Store)
		s.codec.failing.Store(false)
		failing := &failingTransformer{Transformer: s.transformer.get()}
		s.transformer.replace(failing)
		storagetesting.RunTestDeleteExpectedTransformOrDecodeError(ctx, t, s, failing.failing.Store)
	},
	"RunTestDeleteWithSuggestionAndMissingExpectedTransformOrDecodeError": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestDeleteWithSuggestionAndMissingExpectedTransformOrDecodeError(ctx, t, s)
	},
	"RunTestPreconditionalDeleteWithSuggestion":         simple(storagetesting.RunTestPreconditionalDeleteWithSuggestion),
	"RunTestPreconditionalDeleteWithOnlySuggestionPass": simple(storagetesting.RunTestPreconditionalDeleteWithOnlySuggestionPass),
	"RunTestListPaging":                                 simple(storagetesting.RunTestListPaging),
	"RunTestGetListNonRecursive": func(ctx context.Context, t *testing.T, s *testStore) {
		stopControllers(t)
		storagetesting.RunTestGetListNonRecursive(ctx, t, increaseVersion, s)
	},
	"RunTestGetListRecursivePrefix": simple(storagetesting.RunTestGetListRecursivePrefix),
	"RunTestKeySchema":              simple(storagetesting.RunTestKeySchema),
	"RunTestGetListWithErrorAggregation": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestGetListWithErrorAggregation(ctx, t, s, &host.CorruptError{Err: errors.New("bits flipped")})
	},
	"RunTestGetListWithoutErrorAggregation": func(ctx context.Context, t *testing.T, s *testStore) {
		featuregatetesting.SetFeatureGateDuringTest(t, utilfeature.DefaultFeatureGate, features.AllowUnsafeMalformedObjectDeletion, false)
		storagetesting.RunTestGetListWithoutErrorAggregation(ctx, t, s, &host.CorruptError{Err: errors.New("bits flipped")})
	},
	"RunTestGuaranteedUpdate": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestGuaranteedUpdate(ctx, t, s, stored(s))
	},
	"RunTestGuaranteedUpdateChecksStoredData": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestGuaranteedUpdateChecksStoredData(ctx, t, s)
	},
	"RunTestGuaranteedUpdateWithConflict":              simple(storagetesting.RunTestGuaranteedUpdateWithConflict),
	"RunTestGuaranteedUpdateWithSuggestionAndConflict": simple(storagetesting.RunTestGuaranteedUpdateWithSuggestionAndConflict),
	"RunTestTransformationFailure": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestTransformationFailure(ctx, t, s)
	},
	"RunTestList": func(ctx context.Context, t *testing.T, s *testStore) {
		stopControllers(t)
		storagetesting.RunTestList(ctx, t, s, compact(s), false, nil)
	},
	"RunTestConsistentList": func(ctx context.Context, t *testing.T, s *testStore) {
		stopControllers(t)
		storagetesting.RunTestConsistentList(ctx, t, s, increaseVersion, false, true, false)
	},
	"RunTestListContinuation": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestListContinuation(ctx, t, s, nil)
	},
	"RunTestListPaginationRareObject": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestListPaginationRareObject(ctx, t, s, nil)
	},
	"RunTestListContinuationWithFilter": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestListContinuationWithFilter(ctx, t, s, nil)
	},
	"RunTestNamespaceScopedList": simple(storagetesting.RunTestNamespaceScopedList),
	"RunTestListInconsistentContinuation": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestListInconsistentContinuation(ctx, t, s, compact(s))
	},
	"RunTestListResourceVersionMatch": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestListResourceVersionMatch(ctx, t, s)
	},
	"RunTestStats": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestStats(ctx, t, s, s.codec, s.transformer, false)
		if err := s.EnableResourceSizeEstimation(keys(s)); err != nil {
			t.Fatal(err)
		}
		storagetesting.RunTestStats(ctx, t, s, s.codec, s.transformer, true)
	},

	"RunTestWatch":                simple(storagetesting.RunTestWatch),
	"RunTestClusterScopedWatch":   simple(storagetesting.RunTestClusterScopedWatch),
	"RunTestNamespaceScopedWatch": simple(storagetesting.RunTestNamespaceScopedWatch),
	"RunTestDeleteTriggerWatch":   simple(storagetesting.RunTestDeleteTriggerWatch),
	"RunTestWatchFromZero": func(ctx context.Context, t *testing.T, s *testStore) {
		// Without its last part, as for every watch cache: the host's remembers what its etcd has forgotten.
		storagetesting.RunTestWatchFromZero(ctx, t, s, nil)
	},
	"RunTestWatchFromNonZero":     simple(storagetesting.RunTestWatchFromNonZero),
	"RunTestDelayedWatchDelivery": simple(storagetesting.RunTestDelayedWatchDelivery),
	"RunTestWatchError": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestWatchError(ctx, t, s)
	},
	"RunTestWatchContextCancel":                 simple(storagetesting.RunTestWatchContextCancel),
	"RunTestWatcherTimeout":                     simple(storagetesting.RunTestWatcherTimeout),
	"RunTestWatchDeleteEventObjectHaveLatestRV": simple(storagetesting.RunTestWatchDeleteEventObjectHaveLatestRV),
	"RunTestWatchInitializationSignal":          simple(storagetesting.RunTestWatchInitializationSignal),
	"RunOptionalTestProgressNotify": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunOptionalTestProgressNotify(ctx, t, asking{s}, increaseVersion)
	},
	"RunTestWatchWithUnsafeDelete": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestWatchWithUnsafeDelete(ctx, t, s, &host.CorruptError{Err: errors.New("bits flipped")})
	},
	"RunTestWatchDispatchBookmarkEvents": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunTestWatchDispatchBookmarkEvents(ctx, t, s, false)
	},
	"RunSendInitialEventsBackwardCompatibility": simple(storagetesting.RunSendInitialEventsBackwardCompatibility),
	"RunWatchSemantics": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunWatchSemantics(ctx, t, newRemembering(t, s))
	},
	"RunWatchSemanticInitialEventsExtended": simple(storagetesting.RunWatchSemanticInitialEventsExtended),
	"RunWatchListMatchSingle":               simple(storagetesting.RunWatchListMatchSingle),
	"RunWatchErrorIsBlockingFurtherEvents": func(ctx context.Context, t *testing.T, s *testStore) {
		storagetesting.RunWatchErrorIsBlockingFurtherEvents(ctx, t, s)
	},
}

// inapplicable are those that are not run, with the reason.
var inapplicable = map[string]string{
	"RunTestCreateWithTTL":           "a custom resource has no time to live, and no kind of ours asks for one: Create refuses it",
	"RunTestGuaranteedUpdateWithTTL": "a custom resource has no time to live, and no kind of ours asks for one",
	"RunTestCompactRevision":         "no API of kube-apiserver tells which versions it has compacted: CompactRevision says that none was seen",
}

func TestContract(t *testing.T) {
	for name, run := range contract {
		t.Run(name, func(t *testing.T) {
			run(t.Context(), t, newStore(t))
		})
	}
}

// simple is for tests that need nothing but the store.
func simple(run func(context.Context, *testing.T, storage.Interface)) func(context.Context, *testing.T, *testStore) {
	return func(ctx context.Context, t *testing.T, s *testStore) { run(ctx, t, s) }
}

// stored checks that a record has no version in what it stores.
func stored(s *testStore) storagetesting.KeyValidation {
	return func(ctx context.Context, t *testing.T, key string) {
		t.Helper()
		list, err := env.dynamic.Resource(podRecords).List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			record := &host.Record{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, record); err != nil {
				t.Fatal(err)
			}
			if "/pods/"+record.Key != key {
				continue
			}
			data, _, err := s.transformer.prefixed.TransformFromStorage(ctx, record.Data, testContext(key))
			if err != nil {
				t.Fatal(err)
			}
			pod := &example.Pod{}
			if err := runtime.DecodeInto(s.codec, data, pod); err != nil {
				t.Fatal(err)
			}
			if pod.ResourceVersion != "" {
				t.Errorf("%s is stored with the version %q", key, pod.ResourceVersion)
			}
			return
		}
		t.Errorf("%s is not stored", key)
	}
}

type testContext string

func (c testContext) AuthenticatedData() []byte { return []byte(c) }

// keys returns the keys of a store, as its watch cache would.
func keys(s storage.Interface) storage.KeysFunc {
	return func(ctx context.Context) ([]string, error) {
		list := &example.PodList{}
		if err := s.GetList(ctx, "/pods/", storage.ListOptions{Recursive: true, Predicate: storage.Everything}, list); err != nil {
			return nil, err
		}
		var keys []string
		for _, pod := range list.Items {
			keys = append(keys, fmt.Sprintf("/pods/%s/%s", pod.Namespace, pod.Name))
		}
		return keys, nil
	}
}
