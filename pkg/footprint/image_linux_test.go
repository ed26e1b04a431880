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
	"os"
	"regexp"
	"strconv"
	"testing"
)

var rssFile = regexp.MustCompile(`(?m)^RssFile:\s*(\d+) kB$`)

func TestParseMapping(t *testing.T) {
	const program = "/bin/server"
	for name, tc := range map[string]struct {
		line string
		want bool
	}{
		"Code":      {line: "00400000-02aba000 r-xp 00000000 fe:00 4711                       /bin/server", want: true},
		"Constants": {line: "02aba000-05af7000 r--p 026ba000 fe:00 4711                       /bin/server", want: true},
		"Variables": {line: "05af7000-05be0000 rw-p 056f7000 fe:00 4711                       /bin/server"},
		"Shared":    {line: "02aba000-05af7000 r--s 026ba000 fe:00 4711                       /bin/server"},
		"Other":     {line: "7f0000000000-7f0000001000 r-xp 00000000 fe:00 12                 /lib/libc.so.6"},
		"Anonymous": {line: "c000000000-c004000000 rw-p 00000000 00:00 0"},
		"Removed":   {line: "00400000-02aba000 r-xp 00000000 fe:00 4711                       /bin/server (deleted)"},
	} {
		t.Run(name, func(t *testing.T) {
			begin, end, found := parseMapping(tc.line, program)
			if found != tc.want || found && begin >= end {
				t.Errorf("parseMapping(%q) = %x, %x, %t; want %t", tc.line, begin, end, found, tc.want)
			}
		})
	}
}

func TestReleaseImage(t *testing.T) {
	if fixed, err := isFixed(); err != nil || !fixed {
		t.Skipf("this test program is position-independent (%v)", err)
	}
	before := residentFile(t)
	if err := releaseImage(); err != nil {
		t.Fatal(err)
	}
	if after := residentFile(t); after >= before {
		t.Errorf("%d kB of files are resident, %d before", after, before)
	}
}

func residentFile(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	kilobytes, err := strconv.Atoi(rssFile.FindStringSubmatch(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes
}
