package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

func TestStream(t *testing.T) {
	type options = client.StreamOptions
	const data = "elephants never forget"
	tests := map[string]struct {
		data  string
		opts  options
		chunk int64
		is    error
		sent  int64 // of the result, after an error
	}{
		"unknown length":                {data, options{}, 0, nil, 0},
		"known length":                  {data, options{Length: protocol.Known(22)}, 0, nil, 0},
		"known length, Window 1":        {data, options{Length: protocol.Known(22), Window: 1}, 0, nil, 0},
		"Window 1":                      {data, options{Window: 1}, 0, nil, 0},
		"Window 2":                      {data, options{Window: 2}, 0, nil, 0},
		"Window 3":                      {data, options{Window: 3}, 0, nil, 0},
		"Window all":                    {data, options{Window: 22}, 0, nil, 0},
		"Window one less":               {data, options{Window: 21}, 0, nil, 0},
		"Window one more":               {data, options{Window: 23}, 0, nil, 0},
		"chunk larger than Window":      {data, options{Window: 2}, 5, nil, 0},
		"chunk as large as Window":      {data, options{Window: 5}, 5, nil, 0},
		"known, chunk over all":         {data, options{Length: protocol.Known(22)}, 100, nil, 0},
		"zero bytes":                    {"", options{}, 0, nil, 0},
		"zero bytes, known":             {"", options{Length: protocol.Known(0)}, 0, nil, 0},
		"zero bytes, Window 1, chunked": {"", options{Window: 1}, 1, nil, 0},
		"one byte":                      {"x", options{}, 0, nil, 0},
		"one byte, known":               {"x", options{Length: protocol.Known(1)}, 0, nil, 0},
		"exactly a chunk":               {data, options{Length: protocol.Known(22)}, 22, nil, 0},
		"exactly half a window":         {data, options{Window: 44}, 0, nil, 0},
		"one over half a window":        {data, options{Window: 42}, 0, nil, 0},

		"ends at once":             {"", options{Length: protocol.Known(5)}, 0, client.ErrSourceChanged, 0},
		"ends early":               {data, options{Length: protocol.Known(23)}, 0, client.ErrSourceChanged, 0},
		"ends early, late":         {data, options{Length: protocol.Known(30)}, 10, client.ErrSourceChanged, 20},
		"too long":                 {data, options{Length: protocol.Known(21)}, 0, client.ErrSourceChanged, 0},
		"too long, late":           {data, options{Length: protocol.Known(21)}, 10, client.ErrSourceChanged, 20},
		"too long for nothing":     {data, options{Length: protocol.Known(0)}, 0, client.ErrSourceChanged, 0},
		"negative window":          {data, options{Window: -1}, 0, client.ErrInvalidOption, 0},
		"window of the largest":    {data, options{Window: 1<<63 - 1}, 0, nil, 0},
		"window and chunk largest": {data, options{Window: 1<<63 - 1}, 1<<63 - 1, nil, 0},
	}
	readers := map[string]func(string) io.Reader{
		"at once":       func(s string) io.Reader { return strings.NewReader(s) },
		"byte by byte":  func(s string) io.Reader { return iotest.OneByteReader(strings.NewReader(s)) },
		"end with data": func(s string) io.Reader { return iotest.DataErrReader(strings.NewReader(s)) },
		"slow":          func(s string) io.Reader { return clienttest.SlowReader{Reader: strings.NewReader(s), Gap: time.Minute} },
		"idle":          func(s string) io.Reader { return &idle{r: strings.NewReader(s)} },
	}
	for name, test := range tests {
		for how, reader := range readers {
			t.Run(name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := fake.New(t, fake.Config{})
					test.opts.Name = "pipe"
					src := client.Stream(reader(test.data), &test.opts)
					if src.Name() != "pipe" || src.Length() != test.opts.Length {
						t.Errorf("source %q of %v bytes, want Name %q and Length %v", src.Name(), src.Length(), "pipe", test.opts.Length)
					}
					var events []client.Event
					res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: test.chunk}).Upload(t.Context(), src,
						&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
					clienttest.WantEventOrder(t, events)
					if test.is != nil {
						clienttest.WantErrorIs(t, err, client.ErrSource, test.is)
						clienttest.WantClearError(t, err)
						if res.Sent > test.sent || res.Retries != 0 {
							t.Errorf("result %+v, want Sent at most %v and Retries 0", res, test.sent)
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, test.data)
					n := int64(len(test.data))
					want := &client.Result{URL: res.URL, Offset: n, Length: protocol.Known(n), Sent: n}
					if diff := cmp.Diff(want, res, cmpopts.IgnoreFields(client.Result{}, "CreationHeader", "Header")); diff != "" {
						t.Errorf("result (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// idle returns no bytes at every second Read. io.Reader allows this but discourages it.
type idle struct {
	r     io.Reader
	count int
}

func (r *idle) Read(p []byte) (int, error) {
	if r.count++; r.count%3 != 0 {
		return 0, nil
	}
	return r.r.Read(p)
}

// Bytes of a stream that the server has not acknowledged are sent again.
func TestStreamSendsAgain(t *testing.T) {
	data := clienttest.Noise(100)
	for _, keep := range []int64{1, 2, 7, 50, 100, 1000} {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, fake.Cut(0), fake.Cut(1), fake.Lose, fake.Keep(1), nil, fake.Status(409, ""), fake.Cut(0), fake.Lose)
			res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.StreamSource(data, keep), nil)
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantStored(t, s, res.URL, data)
		})
	}
}

func TestStreamFails(t *testing.T) {
	errPipe := errors.New("broken pipe upstream")
	tests := map[string]struct {
		r      io.Reader
		is     error
		offset int64
	}{
		"at once":          {iotest.ErrReader(errPipe), errPipe, 0},
		"in the middle":    {io.MultiReader(strings.NewReader("elephants"), iotest.ErrReader(errPipe)), errPipe, 8},
		"unexpected end":   {io.MultiReader(strings.NewReader("elephants"), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF, 8},
		"no progress":      {stuck{}, io.ErrNoProgress, 0},
		"impossible count": {liar(1 << 30), client.ErrSource, 0},
		"negative count":   {liar(-1), client.ErrSource, 0},
		// An error that wraps io.EOF is not the end. A reader that lost its connection may return
		// one.
		"wraps EOF at once": {iotest.ErrReader(&wrappedEOF{}), io.EOF, 0},
		"wraps EOF later":   {io.MultiReader(strings.NewReader("elephants"), iotest.ErrReader(&wrappedEOF{})), io.EOF, 8},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				src := client.Stream(test.r, &client.StreamOptions{Window: 5})
				res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 4}).Upload(t.Context(), src, nil)
				clienttest.WantErrorIs(t, err, client.ErrSource, test.is)
				if res.Offset > test.offset || res.Retries != 0 {
					t.Errorf("result %+v, want Offset at most %v and Retries 0", res, test.offset)
				}
			})
		})
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

type liar int

func (n liar) Read([]byte) (int, error) { return int(n), nil }

type wrappedEOF struct{}

func (*wrappedEOF) Error() string { return "the end" }
func (*wrappedEOF) Unwrap() error { return io.EOF }

func TestStreamIsUsedOnce(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{})
	src := clienttest.StreamSource("hello", 0)
	if _, err := c.Upload(t.Context(), src, nil); err != nil {
		t.Fatal(err)
	}
	seen := len(s.Seen())
	_, err := c.Upload(t.Context(), src, nil)
	clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceUsed)
	if len(s.Seen()) != seen {
		t.Errorf("requests %q, want %v of them", s.Seen(), seen)
	}
}

// A canceled upload does not wait for a stream that blocks.
func TestBlockedStream(t *testing.T) {
	for _, before := range []string{"", "elephants"} {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			forever, end := context.WithCancel(t.Context())
			defer end()
			src := client.Stream(io.MultiReader(strings.NewReader(before), clienttest.BlockedReader{Ctx: forever}), nil)
			began := time.Now()
			time.AfterFunc(time.Hour, func() { cancel(clienttest.ErrUnplugged) })
			res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 4}).Upload(ctx, src, nil)
			clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
			if took := time.Since(began); took != time.Hour {
				t.Errorf("took %v, want %v", took, time.Hour)
			}
			// Complete chunks were sent as they arrived.
			if res.Offset != int64(len(before)/4*4) {
				t.Errorf("result %+v, want Offset %v", res, int64(len(before)/4*4))
			}
		})
	}
}

// While a chunk is sent, the stream is read ahead up to the window.
func TestStreamReadsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		r := &countedReader{r: strings.NewReader(clienttest.Noise(100))}
		var read []int64
		count := func(w http.ResponseWriter, r2 *http.Request, next http.Handler) {
			synctest.Wait()
			read = append(read, r.n.Load())
			next.ServeHTTP(w, r2)
		}
		s.On(http.MethodPatch, count, count, count)
		src := client.Stream(r, &client.StreamOptions{Window: 8})
		if _, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 2}).Upload(t.Context(), src, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{8, 10, 12}, read); diff != "" {
			t.Errorf("read at each PATCH (-want +got):\n%s", diff)
		}
	})
}

type countedReader struct {
	r io.Reader
	n atomic.Int64
}

func (r *countedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n.Add(int64(n))
	return n, err
}

// Bytes of a stream that the server already has are skipped, even if they are more than the
// window.
func TestStreamSkips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(1000)
		url := s.Put(data[:900], protocol.Known(1000), nil)
		if _, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), url, clienttest.StreamSource(data, 10), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, url, data)
	})
}

// The goroutine that reads ahead ends with the upload, even if the reader never ends.
func TestEndlessStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, nil, nil, fake.Status(413, ""))
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), client.Stream(endless{}, &client.StreamOptions{Window: 10}), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrTooLarge)
		if res.Offset != 10 || res.Length != (protocol.Length{}) {
			t.Errorf("result %+v, want Offset 10 and Length %v", res, protocol.Length{})
		}
		synctest.Wait()
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A server that does not support uploads of unknown length refuses the creation. A stream that
// ends within its first chunk has a known length.
func TestStreamWithoutDeferredLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation}})
		c := clienttest.NewClient(t, s, client.Config{ChunkSize: 5})
		res, err := c.Upload(t.Context(), clienttest.StreamSource("hello", 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
		_, err = c.Upload(t.Context(), clienttest.StreamSource("hello, world", 1), nil)
		clienttest.WantErrorIs(t, err, client.ErrUnsupported)
		clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+5", "OPTIONS /files/")
	})
}
