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

package footprint

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// self is the program that runs here, even if its file was replaced or removed.
const self = "/proc/self/exe"

// releaseImage takes the program's code and constants out of this process's memory. What is used again comes back from the
// file, which the system mostly still has in memory.
func releaseImage() error {
	fixed, err := isFixed()
	if err != nil || !fixed {
		return err
	}
	program, err := os.Readlink(self)
	if err != nil {
		return err
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer func() { _ = maps.Close() }() // it was only read
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		begin, end, found := parseMapping(lines.Text(), program)
		if !found {
			continue
		}
		if _, _, failure := syscall.Syscall(syscall.SYS_MADVISE, begin, end-begin, syscall.MADV_DONTNEED); failure != 0 {
			return fmt.Errorf("madvise: %w", failure)
		}
	}
	return lines.Err()
}

// parseMapping reads a line of /proc/<pid>/maps. It finds those of the program's file that cannot be written to: they hold
// nothing but what is in the file.
func parseMapping(line, program string) (begin, end uintptr, found bool) {
	fields := strings.Fields(line)
	if len(fields) != 6 || fields[5] != program || (fields[1] != "r-xp" && fields[1] != "r--p") {
		return 0, 0, false
	}
	_, err := fmt.Sscanf(fields[0], "%x-%x", &begin, &end)
	return begin, end, err == nil
}

// executable is the type of ELF files that are loaded as they are. Position-independent ones are changed while they are loaded,
// and then hold in pages that cannot be written to any more what no file has.
const executable = 2

// isFixed reports whether the program is loaded as it is.
func isFixed() (bool, error) {
	file, err := os.Open(self)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }() // it was only read
	kind := make([]byte, 2)
	_, err = file.ReadAt(kind, 16)
	return binary.NativeEndian.Uint16(kind) == executable, err
}
