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

// Package matchconditions compiles the CEL expressions of
// InitializerController.spec.matchConditions, with the variables, functions
// and cost limits that the API server gives to the matchConditions of
// admissionregistration.k8s.io/v1.
//
// The registry judges conditions with [Compiler.Validate]; whoever evaluates
// them compiles them with [Compiler.Compile], so that both agree on what an
// expression means. The package must not know requests, clients or hooks.
package matchconditions

import (
	"strings"

	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	webhookmatchconditions "k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/hookplane/hookplane/apis/metacontroller"
)

// Compiler compiles match conditions. It is safe for concurrent use, and makes
// its environment once: keep it.
type Compiler struct {
	cel plugincel.Compiler
}

// NewCompiler returns a Compiler with the environment of the API server.
func NewCompiler() *Compiler {
	return &Compiler{cel: plugincel.NewCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))}
}

// Compile compiles one condition. The mode is [environment.NewExpressions] for
// what a user has just written, which must compile on every server that may
// read it after a downgrade, and [environment.StoredExpressions] for what is
// stored already. What is wrong with the expression is the result's Error.
//
// The result's ExpressionAccessor is of the type that [webhookmatchconditions.NewMatcher]
// expects.
func (c *Compiler) Compile(condition metacontroller.MatchCondition, mode environment.Type) plugincel.CompilationResult {
	return c.cel.CompileCELExpression(&webhookmatchconditions.MatchCondition{
		Name:       condition.Name,
		Expression: strings.TrimSpace(condition.Expression),
	}, plugincel.OptionalVariableDeclarations{HasAuthorizer: true}, mode)
}
