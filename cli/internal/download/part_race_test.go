package download

import (
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Complete keeps the part locked until it has its final name. Otherwise another
// process could open it and truncate the complete file.
func TestCompleteIsLocked(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("this system cannot rename an open file")
	}
	for range 100 {
		target := filepath.Join(t.TempDir(), "a")
		p := open(t, target, from, version)
		write(t, p, "0123456789")
		var others sync.WaitGroup
		var end atomic.Bool
		others.Go(func() {
			for !end.Load() {
				if other, err := Open(target, from, content("another version")); err == nil {
					_ = other.Drop()
				}
			}
		})
		err := p.Complete(false)
		end.Store(true)
		others.Wait()
		if got := read(t, target); err != nil || got != "0123456789" {
			t.Fatalf("%q, %v, want %q and no error", got, err, "0123456789")
		}
	}
}

// Drop keeps the part locked until it is removed. Otherwise another process could
// lose bytes that it writes.
func TestDropIsLocked(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("this system cannot remove an open file")
	}
	for range 100 {
		target := filepath.Join(t.TempDir(), "a")
		p := open(t, target, from, version)
		write(t, p, "0123456789")
		var others sync.WaitGroup
		others.Go(func() {
			for {
				other, err := Open(target, from, content("another version"))
				if errors.Is(err, ErrBusy) {
					continue
				}
				if err == nil {
					err = other.Complete(false)
				}
				if err != nil {
					t.Error(err)
				}
				return
			}
		})
		must(t, p.Drop())
		others.Wait()
		wantNames(t, target, "a")
	}
}
