package wire

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// newBody is the body of a request whose watchdog has no limit.
func newBody(t *testing.T, size int64, reader func() (io.Reader, error)) *Body {
	t.Helper()
	_, dog := watch(t.Context(), 0, 0)
	t.Cleanup(dog.stop)
	return &Body{Chunk: source.Chunk{Range: protocol.Range{End: size}, Reader: reader}, dog: dog, over: func() error { return nil }}
}

func reading(s string) func() (io.Reader, error) {
	return func() (io.Reader, error) { return strings.NewReader(s), nil }
}

// A Doer may open the body once more after the request has ended. That reader is closed at once.
func TestBodyOpenedAfterStop(t *testing.T) {
	var closed atomic.Int64
	b := newBody(t, 5, func() (io.Reader, error) {
		return struct {
			io.Reader
			io.Closer
		}{strings.NewReader("hello"), closerFunc(func() error { closed.Add(1); return nil })}, nil
	})
	if _, err := b.open(); err != nil {
		t.Fatal(err)
	}
	b.stop()
	if _, err := b.open(); !errors.Is(err, errBodyStopped) || closed.Load() != 2 {
		t.Errorf("error %v, %d readers are closed, want 2", err, closed.Load())
	}
}

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

func TestBody(t *testing.T) {
	tests := map[string]struct {
		size   int64
		reader func() (io.Reader, error)
		want   string
		is     error
	}{
		"exact":            {5, reading("hello"), "hello", nil},
		"more than needed": {4, reading("hello"), "hell", nil},
		"byte by byte":     {5, func() (io.Reader, error) { return iotest.OneByteReader(strings.NewReader("hello")), nil }, "hello", nil},
		"end with data":    {5, func() (io.Reader, error) { return iotest.DataErrReader(strings.NewReader("hello")), nil }, "hello", nil},
		"late error": {4, func() (io.Reader, error) {
			return io.MultiReader(strings.NewReader("hell"), iotest.ErrReader(io.ErrClosedPipe)), nil
		}, "hell", nil},
		"short": {6, reading("hello"), "hello", failure.ErrSourceChanged},
		"empty": {1, reading(""), "", failure.ErrSourceChanged},
		"broken": {5, func() (io.Reader, error) {
			return io.MultiReader(strings.NewReader("he"), iotest.ErrReader(io.ErrClosedPipe)), nil
		}, "he", io.ErrClosedPipe},
		"broken with data": {5, func() (io.Reader, error) {
			return iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("he"))), nil
		}, "h", iotest.ErrTimeout},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBody(t, test.size, test.reader)
			var told []int64
			b.OnSent = func(n int64) { told = append(told, n) }
			r, err := b.open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if string(got) != test.want || !errors.Is(err, test.is) {
				t.Errorf("read %q, %v, want %q and %v", got, err, test.want, test.is)
			}
			if b.Sent() != int64(len(test.want)) {
				t.Errorf("sent %d, want %v", b.Sent(), int64(len(test.want)))
			}
			if test.is != nil && (!errors.Is(err, failure.ErrSource) || !errors.Is(b.sourceError(), test.is)) {
				t.Errorf("error %v, source error %v, want ErrSource and %v", err, b.sourceError(), test.is)
			}
			if test.is == nil && (b.sourceError() != nil || told[len(told)-1] != test.size) {
				t.Errorf("source error %v, reported bytes %v, want nil and %d", b.sourceError(), told, test.size)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// For a redirect, net/http opens the body again from its beginning, and the first reader
// reads no further.
func TestBodyOpenedTwice(t *testing.T) {
	b := newBody(t, 5, reading("hello"))
	first, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 3)
	if _, err := io.ReadFull(first, p); err != nil {
		t.Fatal(err)
	}
	second, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := first.Read(p); n != 0 || err == nil {
		t.Errorf("the first reader returned %d more bytes, %v, want 0 and an error", n, err)
	}
	if _, err := io.ReadFull(second, p[:1]); err != nil || b.Sent() != 3 {
		t.Errorf("error %v, sent %d, want 3, the maximum of all readers", err, b.Sent())
	}
	rest, err := io.ReadAll(second)
	if string(p[:1])+string(rest) != "hello" || err != nil || b.Sent() != 5 {
		t.Errorf("the next reader returned %q, %v; sent %d, want \"ello\", no error and 5", rest, err, b.Sent())
	}
}

func TestBodyCannotBeOpened(t *testing.T) {
	b := newBody(t, 5, func() (io.Reader, error) { return nil, io.ErrClosedPipe })
	if _, err := b.open(); !errors.Is(err, failure.ErrSource) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v, want ErrSource and ErrClosedPipe", err)
	}
	if !errors.Is(b.sourceError(), io.ErrClosedPipe) {
		t.Errorf("source error %v, want ErrClosedPipe", b.sourceError())
	}
}

// heldReader does not end its Read before leave is closed.
type heldReader struct {
	began, leave chan struct{}
	ended        atomic.Bool
}

func (r *heldReader) Read(p []byte) (int, error) {
	close(r.began)
	<-r.leave
	r.ended.Store(true)
	return copy(p, "hello"), nil
}

// The source is not touched once stop has returned.
func TestBodyStop(t *testing.T) {
	r := &heldReader{began: make(chan struct{}), leave: make(chan struct{})}
	b := newBody(t, 100, func() (io.Reader, error) { return r, nil })
	body, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan int)
	go func() {
		n, _ := body.Read(make([]byte, 10))
		read <- n
	}()
	<-r.began
	go close(r.leave)
	b.stop()
	if !r.ended.Load() {
		t.Error("stop returned while the source was being read")
	}
	if n := <-read; n != 5 {
		t.Errorf("read %d bytes, want 5", n)
	}
	// A second Read of the source would panic: it closes a closed channel.
	if n, err := body.Read(make([]byte, 10)); n != 0 || !errors.Is(err, errBodyStopped) {
		t.Errorf("after the stop: %d bytes, %v, want 0 and %v", n, err, errBodyStopped)
	}
}

// BeforeLast is called once, when all bytes but the last one were handed on.
func TestBodyBeforeLast(t *testing.T) {
	for name, test := range map[string]struct {
		size  int64
		final bool
		err   error
		want  []string
		read  string
	}{
		"final":     {5, true, nil, []string{"4"}, "hello"},
		"one byte":  {1, true, nil, []string{"0"}, "h"},
		"not final": {5, false, nil, nil, "hello"},
		"refused":   {5, true, io.ErrClosedPipe, []string{"4"}, "hell"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBody(t, test.size, reading("hello"))
			b.Final = test.final
			var got []string
			handed := int64(0)
			b.OnSent = func(n int64) { handed = n }
			b.BeforeLast = func() error {
				got = append(got, strconv.FormatInt(handed, 10))
				return test.err
			}
			r, err := b.open()
			if err != nil {
				t.Fatal(err)
			}
			read, err := io.ReadAll(r)
			if string(read) != test.read || !errors.Is(err, test.err) || !slices.Equal(got, test.want) {
				t.Errorf("read %q, %v; called after %v, want %v", read, err, got, test.want)
			}
		})
	}
}
