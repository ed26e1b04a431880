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

package integration

import (
	"math/rand/v2"
	"sync"
	"time"
)

// storm edits for a while, as the seed and the number of the half have it, and meanwhile kills servers one after the other.
func (s *soak) storm(half uint64, duration time.Duration, disruptions ...func()) {
	s.t.Helper()
	s.hooks.misbehave(true)
	var wg sync.WaitGroup
	defer wg.Wait()
	over := make(chan struct{})
	end := time.AfterFunc(duration, func() { close(over) })
	defer end.Stop()
	wg.Go(func() { s.edit(over, rand.New(rand.NewPCG(s.seed, half))) })
	rounds := max(1, int(duration/(30*time.Second))/len(disruptions))
	pause := duration / time.Duration(rounds*len(disruptions)+1)
	for range rounds {
		for _, disrupt := range disruptions {
			select {
			case <-over: // starting took longer than planned; every disruption comes once
			case <-time.After(pause):
			}
			disrupt()
		}
		if closed(over) {
			return
		}
	}
	<-over
}

func (s *soak) killAPIServer() {
	if err := env.controlPlane.KillAPIServer(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *soak) killServer() {
	if err := env.server.Kill(); err != nil {
		s.t.Fatal(err)
	}
	s.awaitAPIServer()
	startAgain(s.t)
}

// awaitAPIServer waits for kube-apiserver, without which no server starts. It may have been killed before, and takes its time
// to come back.
func (s *soak) awaitAPIServer() {
	s.t.Helper()
	s.within("kube-apiserver is back", func() error {
		return env.kubernetes.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(s.t.Context()).Error()
	})
}

// restartOtherwise restarts the server with the other apply strategy.
func (s *soak) restartOtherwise() {
	if s.strategy == serverSideApply {
		s.useStrategy(dynamicApply)
	} else {
		s.useStrategy(serverSideApply)
	}
}

func (s *soak) useStrategy(strategy string) {
	if s.strategy != strategy {
		useStrategy(s.t, strategy, s.awaitAPIServer)
		s.strategy = strategy
	}
}

// collectAnew has the garbage collector begin anew. A parent that is deleted and created again while its watch of kube-apiserver is
// cut is to it one parent that has changed, and it would never collect what belongs to the earlier one.
func (s *soak) collectAnew() {
	s.t.Helper()
	if err := env.controlPlane.KillControllerManager(); err != nil {
		s.t.Fatal(err)
	}
}
