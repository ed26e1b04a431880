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

package initialization

import "context"

// openHooks are the initializers whose hooks a registry has opened, with what closes them.
type openHooks map[*Initializer]func()

// open opens the hooks of a snapshot that are not open yet.
func (o openHooks) open(ctx context.Context, snapshot *Snapshot) {
	for _, i := range snapshot.Initializers {
		if _, open := o[i]; !open {
			o[i] = i.hooks().Open(ctx)
		}
	}
}

// keep closes the hooks of all initializers but those.
func (o openHooks) keep(used map[*Initializer]bool) {
	for i, closeHook := range o {
		if !used[i] {
			closeHook()
			delete(o, i)
		}
	}
}

func (o openHooks) closeAll() { o.keep(nil) }
