package batch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/cli/internal/flags"
)

// A system that tells of no changes, because its watches are used up, makes the watcher look at the
// directories every 30 s. It says so once, and finds files in them and in new directories. A file
// that is written waits until it has not changed for the settling time.
func TestWatcherPolls(t *testing.T) {
	errNone := errors.New("too many open files")
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		said := 0
		selection := &flags.Selection{}
		selection.Recursive = true
		notify := func() (*notifier, error) { return nil, errNone }
		w := newWatcher(selection, []string{dir}, 5*time.Second, notify, func(err error) {
			if said++; !errors.Is(err, errNone) {
				t.Errorf("error %v, want %v", err, errNone)
			}
		})
		defer w.close()

		write(t, dir, "a")
		wantNext(ctx, t, w, 5*time.Second, "a")

		// The next look comes 30 s after the last one, and finds the files that were written
		// meanwhile.
		go func() {
			time.Sleep(10 * time.Second)
			write(t, dir, "new/deep/b")
			time.Sleep(10 * time.Second)
			write(t, dir, "new/c")
		}()
		wantNext(ctx, t, w, rescan, "new/c", "new/deep/b")

		// A file that changes does not settle until it is left alone.
		go func() {
			for range 10 {
				write(t, dir, "d")
				time.Sleep(4 * time.Second)
			}
		}()
		began := time.Now()
		wantNext(ctx, t, w, 0, "d")
		if took := time.Since(began); took < 41*time.Second || took > 36*time.Second+rescan {
			t.Errorf("a file that changed until 36 s was found after %v", took)
		}

		// Nothing is found again, and the end of the context ends the watch.
		go func() {
			time.Sleep(time.Hour)
			cancel()
		}()
		wantNext(ctx, t, w, time.Hour)
		if said != 1 {
			t.Errorf("said %d times that it polls, want once", said)
		}
	})
}

// write writes a file below dir, whose time of modification is that of the bubble.
func write(t *testing.T, dir, name string) {
	t.Helper()
	path, now := filepath.Join(dir, filepath.FromSlash(name)), time.Now()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600), os.Chtimes(path, now, now)); err != nil {
		t.Error(err)
	}
}

// wantNext wants the next files of w to be those names, after so long. Zero: at any time. It tells
// w that they are sent.
func wantNext(ctx context.Context, t *testing.T, w *watcher, after time.Duration, names ...string) {
	t.Helper()
	began := time.Now()
	due, err := w.next(ctx)
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range due {
		name, err := filepath.Rel(w.dirs[0], e.path())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(name))
		w.pending.ended(time.Now(), e.path(), nil)
	}
	slices.Sort(got)
	if took := time.Since(began); !slices.Equal(got, names) || after > 0 && took != after {
		t.Errorf("files %q after %v, want %q after %v", got, took, names, after)
	}
}
