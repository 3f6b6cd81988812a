//go:build unix

package download

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A part on a full disk gives up at most 1 MiB for its record, and is resumed.
func TestPartKeepsProgressOnFullDisk(t *testing.T) {
	t.Parallel()
	const size = 3 << 20
	for kind, version := range map[string]string{"with a version": version, "without a version": ""} {
		tests := map[string]struct {
			full int   // saves that find no space
			want int64 // offset of the next download
		}{
			"one block is enough": {1, size - 64<<10},
			"1 MiB is enough":     {2, size - 1<<20},
		}
		for name, test := range tests {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				target := filepath.Join(t.TempDir(), "a")
				p := open(t, target, from, version)
				write(t, p, strings.Repeat("0123456789abcdef", size/16))
				p.write = func(name string, text []byte) error {
					if test.full--; test.full < 0 {
						return writeRecord(name, text)
					}
					_ = writeRecord(name, text[:2])
					return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
				}
				if err := p.Keep(); err != nil {
					t.Fatal(err)
				}
				wantNames(t, target, "a.tusker-part", "a.tusker-part.json")
				p = open(t, target, from, version)
				if p.Offset() != test.want {
					t.Errorf("offset %d, want %d", p.Offset(), test.want)
				}
				if err := p.Drop(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
