package flags

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A stream is read from an enlarged pipe.
func TestWiden(t *testing.T) {
	t.Parallel()
	pipe := func() (r *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = r.Close(), w.Close() })
		return r
	}
	most, err := unix.FcntlInt(pipe().Fd(), unix.F_SETPIPE_SZ, 1<<20)
	if err != nil {
		t.Skip("no pipe may be larger here:", err)
	}
	r := pipe()
	widen(r)
	if size, err := unix.FcntlInt(r.Fd(), unix.F_GETPIPE_SZ, 0); err != nil || size != most {
		t.Errorf("the pipe holds %d bytes, want %d: %v", size, most, err)
	}
}
