package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/transport"
)

// openBody returns a body of n bytes, from offset off, of a file with content.
func openBody(t *testing.T, content string, off, n int64) (*Body, transport.FileSender, *os.File) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	b := newBody(t, n, func() (io.Reader, error) { return io.NewSectionReader(f, off, n), nil })
	b.Chunk.File, b.Chunk.FileOffset = f, off
	r, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	return b, r.(transport.FileSender), f
}

var errFull = errors.New("the buffer of the connection is full")

// taking returns a send function that takes at most limit bytes of the descriptor at a time,
// and nothing every second time.
func taking(t *testing.T, limit int64, into *string) func(fd uintptr, off, n int64) (int64, error) {
	t.Helper()
	calls := 0
	return func(fd uintptr, off, n int64) (int64, error) {
		if calls++; calls%2 == 0 {
			return 0, errFull
		}
		// Another descriptor of the same file.
		f, err := os.Open(fmt.Sprintf("/dev/fd/%d", fd))
		if err != nil {
			t.Skip("this system has no names for descriptors:", err)
		}
		defer func() { _ = f.Close() }()
		p := make([]byte, min(n, limit))
		got, err := f.ReadAt(p, off)
		*into += string(p[:got])
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return int64(got), err
	}
}

// Bytes that the system sends are counted like bytes that are read, and both can be mixed.
func TestFileBody(t *testing.T) {
	b, r, f := openBody(t, "..hello world..", 2, 11)
	var told []int64
	b.OnSent = func(n int64) { told = append(told, n) }
	var sent string
	send := taking(t, 4, &sent)
	if n, err := r.SendFile(send); n != 4 || err != nil {
		t.Fatalf("%d, %v, want 4 and no error", n, err)
	}
	if n, err := r.SendFile(send); n != 0 || !errors.Is(err, errFull) || errors.Is(err, failure.ErrSource) || b.sourceError() != nil {
		t.Fatalf("error of the network: %d, %v; source error %v, want 0, %v, not ErrSource and sourceError nil", n, err, b.sourceError(), errFull)
	}
	p := make([]byte, 3)
	if n, err := r.Read(p); n != 3 || err != nil {
		t.Fatalf("%d, %v, want 3 and no error", n, err)
	}
	sent += string(p)
	if n, err := r.SendFile(send); n != 4 || err != nil || sent != "hello world" {
		t.Errorf("%d, %v: sent %q, want 4, no error and %q", n, err, sent, "hello world")
	}
	if n, err := r.SendFile(send); n != 0 || err != io.EOF { //nolint:errorlint // Readers return io.EOF itself.
		t.Errorf("WriteTo at the end: %d, %v, want 0 and %v", n, err, io.EOF)
	}
	if n, err := r.Read(p); n != 0 || err != io.EOF { //nolint:errorlint // Readers return io.EOF itself.
		t.Errorf("Read at the end: %d, %v, want 0 and %v", n, err, io.EOF)
	}
	if want := []int64{4, 7, 11}; !slices.Equal(told, want) || b.Sent() != 11 {
		t.Errorf("reported %v, want %v; sent %d", told, want, b.Sent())
	}
	if pos, err := f.Seek(0, io.SeekCurrent); pos != 0 || err != nil {
		t.Errorf("the position of the file moved to %d: %v, want 0 and no error", pos, err)
	}
}

// A file that became shorter is reported as changed, both by Read and by SendFile.
func TestFileBodyShrunk(t *testing.T) {
	b, r, _ := openBody(t, "hello", 2, 11)
	var sent string
	send := taking(t, 100, &sent)
	if n, err := r.SendFile(send); n != 3 || err != nil {
		t.Fatalf("%d, %v, want 3 and no error", n, err)
	}
	_, _ = r.SendFile(send)
	for name, take := range map[string]func() (int64, error){
		"sent": func() (int64, error) { return r.SendFile(send) },
		"read": func() (int64, error) { n, err := r.Read(make([]byte, 5)); return int64(n), err },
	} {
		if n, err := take(); n != 0 || !errors.Is(err, failure.ErrSourceChanged) || !errors.Is(b.sourceError(), failure.ErrSourceChanged) {
			t.Errorf("%s: %d, %v, want 0, ErrSourceChanged and ErrSourceChanged", name, n, err)
		}
	}
}

// A closed file is an error of the source, and no descriptor is used.
func TestFileBodyClosed(t *testing.T) {
	b, r, f := openBody(t, "hello", 0, 5)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	n, err := r.SendFile(func(uintptr, int64, int64) (int64, error) { panic("sent from a closed file") })
	if n != 0 || !errors.Is(err, failure.ErrSource) || !errors.Is(b.sourceError(), failure.ErrSource) {
		t.Errorf("%d, %v, want 0, ErrSource and ErrSource", n, err)
	}
}

// stop waits until the system has sent its bytes, and prevents further sends.
func TestFileBodyStop(t *testing.T) {
	b, r, _ := openBody(t, "hello", 0, 5)
	began, leave := make(chan struct{}), make(chan struct{})
	var ended atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = r.SendFile(func(uintptr, int64, int64) (int64, error) {
			close(began)
			<-leave
			ended.Store(true)
			return 2, nil
		})
	}()
	<-began
	go close(leave)
	b.stop()
	if !ended.Load() {
		t.Error("stop returned while the system was sending")
	}
	<-done
	n, err := r.SendFile(func(uintptr, int64, int64) (int64, error) { panic("sent after the stop") })
	if n != 0 || !errors.Is(err, errBodyStopped) || b.Sent() != 2 {
		t.Errorf("after the stop: %d, %v, sent %d, want 0, %v and Sent 2", n, err, b.Sent(), errBodyStopped)
	}
}

// A body is read into memory if a checksum follows it, or if its rate is limited.
func TestFileBodyIsRead(t *testing.T) {
	for name, change := range map[string]func(*Body){
		"checksum in the trailer": func(b *Body) { b.Trailer = &Trailer{} },
		"a rate":                  func(b *Body) { b.pace = NewPace(1 << 20); b.wait = func(int) error { return nil } },
	} {
		b, _, _ := openBody(t, "hello", 0, 5)
		change(b)
		r, err := b.open()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := r.(transport.FileSender); ok {
			t.Errorf("%s: the system sends the body from the file", name)
		}
		if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
			t.Errorf("%s: %q, %v, want %q and no error", name, got, err, "hello")
		}
	}
}

// The stall timeout applies while the network is slow, and bytes that it takes are a sign of
// life.
func TestFileBodyIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r, _ := openBody(t, "hello", 0, 5)
		ctx, dog := watch(t.Context(), 10*time.Second, time.Minute)
		defer dog.stop()
		b.dog, b.Final = dog, true
		take := func(n int64, err error) {
			_, _ = r.SendFile(func(uintptr, int64, int64) (int64, error) { return n, err })
		}
		for range 3 {
			take(1, nil)
			take(0, errFull)
			time.Sleep(9 * time.Second)
		}
		if ctx.Err() != nil {
			t.Fatal("the request ended while the network accepted bytes")
		}
		take(2, nil)
		time.Sleep(59 * time.Second)
		if ctx.Err() != nil {
			t.Fatal("the request ended before FinishTimeout")
		}
		b, r, _ = openBody(t, "hello", 0, 5)
		ctx, dog = watch(t.Context(), 10*time.Second, time.Minute)
		defer dog.stop()
		b.dog = dog
		take(1, nil)
		take(0, errFull)
		time.Sleep(11 * time.Second)
		if !errors.Is(context.Cause(ctx), failure.ErrStalled) {
			t.Error("the request did not end after a stall")
		}
	})
}

// A file is sent by the system until a limit of the rate begins, and read from then on.
func TestFileSenderUnderALimitThatBegins(t *testing.T) {
	var limit atomic.Int64
	b, _, _ := openBody(t, "0123456789", 0, 10)
	b.pace = NewPaceAt(func(time.Time) int64 { return limit.Load() })
	b.wait = func(n int) error { return b.pace.wait(t.Context(), n) }
	r, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	sender, ok := r.(transport.FileSender)
	if !ok {
		t.Fatalf("without a limit, the body is a %T", r)
	}
	var sent string
	send := taking(t, 4, &sent)
	if n, err := sender.SendFile(send); n != 4 || err != nil {
		t.Errorf("without a limit: %d, %v", n, err)
	}
	limit.Store(1 << 30)
	if n, err := sender.SendFile(send); n != 0 || err != nil {
		t.Errorf("with a limit: %d, %v", n, err)
	}
	rest, err := io.ReadAll(sender)
	if got := sent + string(rest); got != "0123456789" || err != nil {
		t.Errorf("sent %q, %v", got, err)
	}
}
