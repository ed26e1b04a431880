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

package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/hookplane/hookplane/pkg/migration"
)

const planDescription = `Says what would change if hookplane took over from Metacontroller, for each controller: what the API
refuses or warns of, which parents and children there are, in which form they were applied, and
whether they are recognised. It reads only, calls no hook, and may be run at any time.`

const planEnd = `
What cannot be told beforehand is what the hooks answer. hookplane calls each once for each parent
when it starts, and writes nothing where the answer is what Metacontroller has applied.

Rights: hookplane may do only what its role allows. Print what these controllers need:
  kubectl get cc,dec -o yaml | hookplane rbac -f -
`

func (o *migrationOptions) plan(ctx context.Context, cluster *migration.Cluster, stdout io.Writer) error {
	objects, err := readObjects(ctx, cluster)
	if err != nil {
		return err
	}
	var (
		inspector = cluster.NewInspector(objects)
		seen      migration.Count
		last      time.Time
		revisions int
	)
	for i := range objects {
		object := &objects[i]
		if object.Kind == "ControllerRevision" && object.Problem == nil {
			revisions++
			continue
		}
		fmt.Fprintln(stdout, object)
		if object.Problem != nil {
			fmt.Fprintf(stdout, "  cannot be copied: %s\n", oneLine(object.Problem))
			continue
		}
		inspection, err := inspector.Inspect(ctx, object)
		if err != nil {
			fmt.Fprintf(stdout, "  cannot look at its parents and children: %s\n", oneLine(err))
		}
		printInspection(stdout, object, inspection)
		if inspection != nil {
			last = latest(last, inspection.LastWrite)
			for _, children := range inspection.Children {
				seen.Total, seen.Recorded, seen.Applied = seen.Total+children.Total, seen.Recorded+children.Recorded, seen.Applied+children.Applied
			}
		}
	}
	fmt.Fprintf(stdout, "\n%d controllers and %d revisions.\n", len(objects)-revisions, revisions)
	printStrategy(stdout, seen)
	if err := printActing(ctx, stdout, cluster, last); err != nil {
		return err
	}
	fmt.Fprint(stdout, planEnd)
	if migration.Problems(objects) != nil {
		return errors.New("some objects cannot be copied, see above")
	}
	return nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func printInspection(w io.Writer, object *migration.Object, inspection *migration.Inspection) {
	if inspection != nil {
		for _, parents := range inspection.Parents {
			fmt.Fprintf(w, "  parents: %d %s\n", parents.Total, parents.Resource.GroupResource())
		}
		for _, children := range inspection.Children {
			fmt.Fprintf(w, "  children: %d %s (%d of dynamic-apply, %d of server-side-apply)\n",
				children.Total, children.Resource.GroupResource(), children.Recorded, children.Applied)
		}
		if inspection.Rollouts > 0 {
			fmt.Fprintf(w, "  rollouts: %d parents have children in older revisions; these are updated one by one, where Metacontroller may have stopped\n", inspection.Rollouts)
		}
		printLines(w, "  look at: ", inspection.Remarks)
		if inspection.Omitted > 0 {
			fmt.Fprintf(w, "  look at: %d more such objects\n", inspection.Omitted)
		}
	}
	printLines(w, "  differs: ", object.Differences())
	printLines(w, "  warning: ", object.Warnings)
}

// printStrategy says with which strategy children are not written at all.
func printStrategy(w io.Writer, seen migration.Count) {
	switch {
	case seen.Recorded > 0:
		fmt.Fprintf(w, "Start hookplane with --apply-strategy=dynamic-apply: %d of %d children were applied that way. With server-side-apply, the\n"+
			"default, each of them is written once, without being restarted: its annotation goes. You can change over at any later time.\n", seen.Recorded, seen.Total)
	case seen.Applied > 0:
		fmt.Fprintf(w, "Start hookplane with --apply-strategy=server-side-apply, its default: %d of %d children were applied that way.\n", seen.Applied, seen.Total)
	}
}

func printActing(ctx context.Context, w io.Writer, cluster *migration.Cluster, last time.Time) error {
	if !last.IsZero() {
		fmt.Fprintf(w, "Metacontroller wrote one of these objects last %s ago.\n", clock.RealClock{}.Since(last).Round(time.Second))
	}
	acting, err := cluster.Acting(ctx)
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		fmt.Fprintf(w, "Metacontroller: %s\n", oneLine(err))
	case len(acting) > 0:
		fmt.Fprintf(w, "Metacontroller seems to run:\n  %s\n", strings.Join(acting, "\n  "))
	}
	return nil
}
