package wire

import (
	"bytes"
	"context"
	"errors"
	"hash"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/client/source"
)

var errBodyStopped = errors.New("the request has ended")

// Body is the payload of one request. It can be opened again, for a redirect that
// keeps the method or for a connection that closed before anything was sent. A Body
// serves one exchange.
type Body struct {
	// Chunk has the bytes. If Chunk.Data is set and InMemory is true, the request
	// sends them in one piece with its headers.
	Chunk    source.Chunk
	InMemory bool

	// Final means that the upload ends with these bytes, so that the answer may take
	// FinishTimeout.
	Final bool

	// BeforeLast is called once before the last byte of a Final body is handed to the
	// network. Its error ends the request. nil: nothing is called.
	BeforeLast func() error

	// OnSent is called with the number of bytes that the network took of this request
	// so far. nil: nothing is called.
	OnSent func(n int64)

	// Gauge counts the bytes that the network takes, of several bodies. nil: none.
	Gauge *atomic.Int64

	// Trailer is a checksum that follows the bytes. nil: none.
	Trailer *Trailer

	dog  *watchdog
	pace *Pace
	wait func(n int) error // waits for n bytes of pace
	over func() error      // returns why the context of the request has ended, or nil
	lost func() bool       // reports whether the connection of the request was closed

	mu       sync.Mutex
	current  *bodyReader // the reader that was opened last
	high     int64       // highest number of bytes that a reader has returned
	err      error       // why the source failed
	prepared bool        // BeforeLast was called
	ended    bool        // a source of unknown length has ended
	stopped  bool

	live atomic.Pointer[waiting] // the current reader, if its Read can wait for the source
}

// Trailer is a checksum that a request sends behind its bytes, in one pass over them.
type Trailer struct {
	Name   string
	New    func() hash.Hash
	Encode func(sum []byte) (string, error)
}

// attach makes b the body of req. After the end of the request's context, no further byte is
// handed to the network, although the Doer may not have noticed yet.
func (b *Body) attach(ctx context.Context, req *http.Request, dog *watchdog, pace *Pace) error {
	if ctx.Err() != nil {
		return cause.Why(ctx)
	}
	req.ContentLength = b.Chunk.Len()
	if b.Chunk.End == source.Endless {
		req.ContentLength = -1
	}
	if b.InMemory {
		req.Body, _ = b.memory()
		req.GetBody = b.memory
		return nil
	}
	b.dog, b.pace = dog, pace
	b.over = func() error {
		if ctx.Err() != nil {
			return cause.Why(ctx)
		}
		return nil
	}
	if pace != nil {
		b.wait = func(n int) error { return pace.wait(ctx, n) }
	}
	body, err := b.open()
	if err != nil {
		return err
	}
	req.Body, req.GetBody = body, b.open
	if b.Chunk.Live {
		req.GetBody = nil
	}
	if b.live.Load() != nil {
		// A read that waits for the source would hold up the end of the request.
		context.AfterFunc(ctx, b.halt)
	}
	if b.Trailer != nil {
		b.addTrailer(req)
	}
	return nil
}

// open returns a reader of the whole body. An earlier reader reads no further.
func (b *Body) open() (io.ReadCloser, error) {
	// To open a source may take as long as to read it, for instance over a network.
	b.dog.pause()
	r, err := b.Chunk.Reader()
	b.dog.resume()
	if err != nil {
		err = source.Error(err)
		b.mu.Lock()
		b.err = err
		b.mu.Unlock()
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		closeReader(r)
		return nil, errBodyStopped
	}
	if b.current != nil {
		closeReader(b.current.r)
	}
	b.current = &bodyReader{b: b, r: r, waiting: newWaiting(r, b.Chunk.Live, b.lost)}
	b.live.Store(b.current.waiting)
	if b.Chunk.File != nil && !b.pace.isConstant() && b.Trailer == nil {
		return newFileSender(b.current), nil
	}
	return b.current, nil
}

// memory returns a body that net/http knows to be in memory, so that it sends the
// bytes in one piece with the headers.
func (b *Body) memory() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b.Chunk.Data)), nil
}

// addTrailer announces the checksum behind the body and computes it while the body is
// read.
func (b *Body) addTrailer(req *http.Request) {
	trailer := http.Header{b.Trailer.Name: nil}
	req.Trailer = trailer
	// In HTTP/1.1 only a body of undeclared length can have a trailer. The body cannot
	// be sent a second time, because the request of a redirect has no trailer.
	req.ContentLength, req.GetBody = -1, nil
	b.current.sum, b.current.summed = b.Trailer.New(), func(sum []byte) {
		if value, err := b.Trailer.Encode(sum); err == nil {
			trailer.Set(b.Trailer.Name, value)
		}
	}
}

// stop waits for a running Read to end, and allows no further one. After that, the
// source is not touched any more, although the Doer may still read the body.
func (b *Body) stop() {
	b.halt()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	if b.current != nil {
		closeReader(b.current.r)
	}
}

// halt ends a Read that waits for the source.
func (b *Body) halt() {
	if w := b.live.Load(); w != nil {
		w.end(errBodyStopped)
	}
}

// SentAll reports whether the network took all bytes.
func (b *Body) SentAll() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended || b.high == b.Chunk.Len()
}

// Sent is the most bytes that the network took. Bytes in memory are not counted.
func (b *Body) Sent() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.high
}

func (b *Body) sourceError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

type bodyReader struct {
	b    *Body
	r    io.Reader
	n    int64 // bytes handed on
	paid int   // bytes that the pace allowed and that were not read yet

	waiting *waiting // nil: a Read does not wait for long

	sum    hash.Hash    // of the bytes that were read; nil: no checksum follows
	summed func([]byte) // takes the sum when all bytes were read
}

func (r *bodyReader) Read(p []byte) (int, error) {
	// The pace waits outside of the lock, so that stop does not wait with it.
	if r.b.pace != nil {
		var err error
		if p, err = r.paced(p); err != nil {
			return 0, err
		}
	}
	n, err := r.take(int64(len(p)), func(most int64) (int64, error) {
		n, err := r.r.Read(p[:most])
		r.paid -= n
		if r.sum != nil && n > 0 {
			r.sum.Write(p[:n])
			if r.n+int64(n) == r.b.Chunk.Len() {
				r.summed(r.sum.Sum(nil))
			}
		}
		return int64(n), err
	})
	return int(n), err
}

// take has move hand on up to most of the bytes that are left, and counts them. An
// error of move is an error of the source.
func (r *bodyReader) take(most int64, move func(most int64) (int64, error)) (int64, error) {
	b := r.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped || b.current != r {
		return 0, errBodyStopped
	}
	left := b.Chunk.Len() - r.n
	if left <= 0 {
		return 0, io.EOF
	}
	if err := b.over(); err != nil {
		return 0, err
	}
	b.dog.pause()
	most, err := b.prepare(left, min(most, left))
	if err == nil {
		err = b.over() // BeforeLast may have taken long
	}
	if err != nil {
		return 0, err
	}
	r.waiting.begin()
	n, err := move(most)
	ended := r.waiting.stop()
	r.n += n
	if b.Gauge != nil {
		b.Gauge.Add(n)
	}
	b.high = max(b.high, r.n)
	atEnd := b.Chunk.End == source.Endless && input.IsEnd(err)
	b.ended = b.ended || atEnd
	complete := atEnd || r.n == b.Chunk.Len()
	if complete && b.Final {
		b.dog.finishing()
	} else {
		b.dog.alive()
	}
	switch {
	case atEnd:
		return n, io.EOF
	case err != nil && !complete:
		return n, b.blame(err, ended, b.Chunk.Len()-r.n)
	case n > 0 && b.OnSent != nil:
		b.OnSent(r.n)
	}
	return n, nil
}

// blame returns the error of a Read of the source that failed before the last left bytes, and keeps
// it for sourceError unless the request had ended. Ended is why the wait for the source ended, or
// nil. The lock is held.
func (b *Body) blame(err, ended error, left int64) error {
	if over := b.over(); over != nil {
		return over
	}
	if ended != nil {
		return ended // the source is not to blame
	}
	if errors.Is(err, failure.ErrUnacknowledged) {
		b.err = err // the source is not to blame
		return err
	}
	if input.IsEnd(err) {
		err = input.Missing(left)
	}
	b.err = source.Error(err)
	return b.err
}

// prepare calls BeforeLast before the last byte is handed on, and returns how many
// bytes may be handed on now. The lock is held.
func (b *Body) prepare(left, most int64) (int64, error) {
	if b.BeforeLast == nil || b.prepared || !b.Final || most < left {
		return most, nil
	}
	if left > 1 {
		return left - 1, nil
	}
	b.prepared = true
	if err := b.BeforeLast(); err != nil {
		b.err = err
		return 0, err
	}
	return most, nil
}

// paced waits for the pace, and returns as much of p as may be filled.
func (r *bodyReader) paced(p []byte) ([]byte, error) {
	n := r.b.pace.most(int(min(int64(len(p)), r.b.Chunk.Len()-r.n)))
	if n > r.paid {
		r.b.dog.pause()
		if err := r.b.wait(n - r.paid); err != nil {
			return nil, err
		}
		r.paid = n
	}
	return p[:n], nil
}

// Close implements io.Closer. The transport calls it when the request has ended, and may then
// wait for a Read.
func (r *bodyReader) Close() error {
	r.waiting.end(errBodyStopped)
	return nil
}

func closeReader(r io.Reader) {
	if c, ok := r.(io.Closer); ok {
		_ = c.Close()
	}
}

// Load reads the bytes of a small chunk into memory.
func (b *Body) Load() error {
	if b.InMemory = true; b.Chunk.Data != nil {
		return nil
	}
	r, err := b.Chunk.Reader()
	if err != nil {
		return source.Error(err)
	}
	defer closeReader(r)
	data := make([]byte, b.Chunk.Len())
	n, err := io.ReadFull(r, data)
	if input.IsEnd(err) || input.IsShort(err) {
		err = input.Missing(b.Chunk.Len() - int64(n))
	}
	if err != nil {
		return source.Error(err)
	}
	b.Chunk.Data = data
	return nil
}

// Sum writes the bytes of a chunk to h, until ctx ends.
func Sum(ctx context.Context, h hash.Hash, chunk source.Chunk) error {
	r, err := chunk.Reader()
	if err != nil {
		return source.Error(err)
	}
	defer closeReader(r)
	return input.Sum(ctx, h, r, chunk.Len())
}
