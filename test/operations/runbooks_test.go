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

package operations

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// reporters are the folders of what writes conditions and events.
var reporters = []string{"pkg/controller", "pkg/hook", "pkg/initialization", "pkg/plan", "pkg/leader", "admission"}

// told is the form of the names of constants that are conditions, their reasons, or the reasons of events.
var told = regexp.MustCompile(`^([Rr]eason|[Ee]vent|[Cc]ondition|updatedCondition)([A-Z][A-Za-z]*)?$`)

// notTold are constants of that form that are something else.
var notTold = map[string]bool{"EventSource": true}

// TestRunbooksOfReasons looks in the code for what conditions and events can say, and for each of it in docs/runbooks.md.
func TestRunbooksOfReasons(t *testing.T) {
	page := read(t, "docs", "runbooks.md")
	found := 0
	for _, folder := range reporters {
		for file := range goFiles(t, folder) {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range constants(parsed) {
				if !told.MatchString(name) || notTold[name] {
					continue
				}
				found++
				if !strings.Contains(page, "`"+value+"`") && !strings.Contains(page, "\n## Condition "+value+"\n") {
					t.Errorf("%s: docs/runbooks.md does not say what %s means (constant %s)", file, value, name)
				}
			}
			for _, literal := range literalReasons(parsed) {
				t.Errorf("%s: the reason %s is no constant, so that nobody sees whether docs/runbooks.md explains it", file, literal)
			}
		}
	}
	if found < 30 {
		t.Errorf("there are %d constants only: do their names begin with Reason, Event and Condition no more?", found)
	}
}

// goFiles yields the sources below a folder, without tests.
func goFiles(t *testing.T, folder string) func(yield func(string) bool) {
	t.Helper()
	return func(yield func(string) bool) {
		err := filepath.WalkDir(filepath.Join(root, folder), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			if !yield(file) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// constants returns the strings that a file declares.
func constants(file *ast.File) map[string]string {
	values := map[string]string{}
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.CONST {
			continue
		}
		for _, spec := range general.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, name := range value.Names {
				if i >= len(value.Values) {
					break
				}
				if literal, ok := value.Values[i].(*ast.BasicLit); ok && literal.Kind == token.STRING {
					values[name.Name], _ = strconv.Unquote(literal.Value) // as the parser took it
				}
			}
		}
	}
	return values
}

// literalReasons returns the strings that a file gives the field Reason of a condition or of the problem that becomes one.
func literalReasons(file *ast.File) []string {
	var literals []string
	ast.Inspect(file, func(node ast.Node) bool {
		composite, ok := node.(*ast.CompositeLit)
		if !ok || !strings.HasSuffix(typeName(composite.Type), "Condition") && !strings.HasSuffix(typeName(composite.Type), "Error") {
			return true
		}
		for _, element := range composite.Elts {
			pair, ok := element.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			field, isField := pair.Key.(*ast.Ident)
			literal, isLiteral := pair.Value.(*ast.BasicLit)
			if isField && isLiteral && field.Name == "Reason" {
				literals = append(literals, literal.Value)
			}
		}
		return true
	})
	return literals
}

// typeName returns the last part of a type's name.
func typeName(expr ast.Expr) string {
	switch named := expr.(type) {
	case *ast.Ident:
		return named.Name
	case *ast.SelectorExpr:
		return named.Sel.Name
	default:
		return ""
	}
}
