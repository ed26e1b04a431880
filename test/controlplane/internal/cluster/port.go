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

package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const (
	// loopback is the one address that the components listen at.
	loopback = "127.0.0.1"
	// firstPort and lastPort bound the ports of the components. They are below those that the kernel gives to outgoing connections (from
	// 32768 on Linux, 49152 on macOS), because a restarted server must find its port free, and because a client that keeps
	// dialling a port of that range while its server is down may at last be connected to itself.
	firstPort, lastPort = 20000, 29999
	portAttempts        = 100
)

// freePort returns a port that nobody listened at a moment ago. Another process may still take it first: whoever
// uses the port must be ready to ask for another one.
func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	var errs []error
	for range portAttempts {
		port := firstPort + rand.IntN(lastPort-firstPort+1) //nolint:gosec // a port is no secret.
		listener, err := config.Listen(ctx, "tcp", address(port))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if err := listener.Close(); err != nil {
			return 0, fmt.Errorf("cannot close a port: %w", err)
		}
		return port, nil
	}
	return 0, fmt.Errorf("cannot find a free port from %d to %d: %w", firstPort, lastPort, errors.Join(errs...))
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
