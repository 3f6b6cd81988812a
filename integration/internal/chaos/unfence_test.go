//go:build linux

package chaos

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"
)

// The header gets its other name, wherever reads cut it.
func TestReplaceAll(t *testing.T) {
	text := "HPUB a 1 2\r\n" + string(fenceHeader) + " 0\r\nNats-Expected-Las" + string(fenceHeader) + "Nats-Exp"
	want := strings.ReplaceAll(text, string(fenceHeader), string(otherHeader))
	for name, read := range map[string]func() *bytes.Buffer{
		"whole": func() *bytes.Buffer {
			var out bytes.Buffer
			if err := replaceAll(&out, strings.NewReader(text), fenceHeader, otherHeader); err != nil {
				t.Fatal(err)
			}
			return &out
		},
		"byte by byte": func() *bytes.Buffer {
			var out bytes.Buffer
			if err := replaceAll(&out, iotest.OneByteReader(strings.NewReader(text)), fenceHeader, otherHeader); err != nil {
				t.Fatal(err)
			}
			return &out
		},
	} {
		if got := read().String(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
