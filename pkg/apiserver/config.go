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

package apiserver

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/rest"

	"github.com/hookplane/hookplane/pkg/apiserver/registration"
	"github.com/hookplane/hookplane/pkg/leader"
)

// Without a grace period a client that watches would hold the end of the server for as long as it likes.
const watchTerminationGracePeriod = time.Second

// Config configures a Server. Make one with NewConfig.
type Config struct {
	// Scheme and Codecs know the served types. Storage is configured with them.
	Scheme *runtime.Scheme
	Codecs serializer.CodecFactory
	// GenericConfig is what every aggregated API server has. NewConfig sets what depends on the served
	// types; serving, authentication, authorization, admission and storage are the caller's.
	GenericConfig *genericapiserver.RecommendedConfig
	// ExtraConfig is what only this server has.
	ExtraConfig ExtraConfig
}

// ExtraConfig is the part of Config that is not every API server's.
type ExtraConfig struct {
	// NewControllers makes the controllers, given a client configuration for this very server. Required.
	NewControllers func(loopback *rest.Config) (Controllers, error)
	// Elector has the controllers run only while this replica leads. Nil: they always do.
	Elector *leader.Elector
	// OwnNamespace is the namespace that the server runs in: no initializer completes its objects. Empty: it runs in none.
	OwnNamespace string
	// Registrar registers the server with the host cluster. Nil: somebody else does.
	Registrar *registration.Registrar
	// KeepRegistration leaves the registration in place when the server ends, for another replica or for
	// a restart.
	KeepRegistration bool
	// OnReady is called once, when the API answers through the host cluster. It needs a Registrar.
	OnReady func()
}

// NewConfig returns a Config for the types that this server serves. The version is what /version and the
// OpenAPI documents say.
func NewConfig(version string) *Config {
	scheme, codecs := newScheme()
	generic := genericapiserver.NewRecommendedConfig(codecs)
	generic.EffectiveVersion = newServedVersion(compatibility.DefaultBuildEffectiveVersion(), version)
	namer := openapi.NewDefinitionNamer(scheme)
	generic.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openAPIDefinitions, namer)
	generic.OpenAPIConfig.Info.Title = "Hookplane"
	generic.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openAPIDefinitions, namer)
	generic.OpenAPIV3Config.Info.Title = "Hookplane"
	generic.ShutdownWatchTerminationGracePeriod = watchTerminationGracePeriod
	return &Config{Scheme: scheme, Codecs: codecs, GenericConfig: generic}
}

type completedConfig struct {
	scheme  *runtime.Scheme
	codecs  serializer.CodecFactory
	generic genericapiserver.CompletedConfig
	extra   ExtraConfig
	// host and hostInformers lead to the host cluster.
	host          *rest.Config
	hostInformers informers.SharedInformerFactory
}

// CompletedConfig is a Config that is ready to be used. Only Complete makes one.
type CompletedConfig struct {
	*completedConfig
}

// Complete fills in what follows from what is set. The Config must not be used afterwards.
func (c *Config) Complete() CompletedConfig {
	return CompletedConfig{&completedConfig{
		scheme: c.Scheme, codecs: c.Codecs, generic: c.GenericConfig.Complete(), extra: c.ExtraConfig,
		host: c.GenericConfig.ClientConfig, hostInformers: c.GenericConfig.SharedInformerFactory,
	}}
}
