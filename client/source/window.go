package source

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/protocol"
)

// window holds the bytes of a stream that may have to be sent again, and those that were
// read ahead: bytes [start, end) of the stream. Acknowledged bytes stay until their room
// is needed, because servers lose some of those, too. The bytes lie in blocks of one
// size, which are reused once they are free, so that memory grows to what is needed
// without copies.
type window struct {
	stated protocol.Length
	spool  int64
	chunk  int64
	limit  int64 // bytes that may be held at a time; more than a chunk
	size   int64 // of a block

	mu         sync.Mutex
	blocks     [][]byte // the first holds start
	free       [][]byte
	start, end int64
	mark       int64     // the bytes before it may be given up; it may be beyond end
	sum        hash.Hash // of the bytes before start; nil: no digest is needed
	err        error     // io.EOF, or why reading failed
	closed     bool      // the upload does not need the bytes any more
	changed    sync.Cond // one of the above changed, or the context of a wait ended
}

// blockSize is the size of a block, in bytes, where the window is larger.
const blockSize = 256 << 10

// fill reads ahead until the stream ends. Only fill writes to blocks, and only outside of
// [start, end), so it needs no lock while it reads.
func (w *window) fill(r io.Reader) {
	idle := 0
	for {
		free, ok := w.room()
		if !ok {
			return
		}
		n, err := r.Read(free)
		if n < 0 || n > len(free) {
			n, err = 0, fmt.Errorf("reader returned an impossible count %d", n)
		}
		if n == 0 && err == nil {
			if idle++; idle == 100 {
				err = io.ErrNoProgress
			}
		} else {
			idle = 0
		}
		w.mu.Lock()
		w.end += int64(n)
		w.err = err
		w.changed.Broadcast()
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// room waits for a free range of a block. It is false if no more bytes are needed.
func (w *window) room() (free []byte, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.closed && w.end-w.start == w.limit {
		if !w.giveUp() {
			w.changed.Wait()
		}
	}
	if w.closed {
		return nil, false
	}
	i := w.end/w.size - w.start/w.size
	if i == int64(len(w.blocks)) {
		w.blocks = append(w.blocks, w.block())
	}
	from := w.end % w.size
	// Written as differences, for a sum with limit may overflow.
	n := min(w.size-from, w.limit-(w.end-w.start))
	return w.blocks[i][from : from+n], true
}

// giveUp makes room for one Read in a full window, as far as bytes were released, and
// reports whether there is any. It keeps most of a small window, because the bytes of the
// Read have not arrived yet. The lock is held.
func (w *window) giveUp() bool {
	spare := min(w.mark, w.end) - w.start
	if spare <= 0 {
		return false
	}
	w.advance(w.start + min(spare, w.size-w.end%w.size, max(1, w.limit/4)))
	return true
}

// block returns a free block.
func (w *window) block() []byte {
	if n := len(w.free); n > 0 {
		b := w.free[n-1]
		w.free = w.free[:n-1]
		return b
	}
	return make([]byte, w.size)
}

// at returns the bytes from pos on that lie in one block, up to end.
func (w *window) at(pos, end int64) []byte {
	from := pos % w.size
	n := min(w.size-from, end-pos)
	return w.blocks[pos/w.size-w.start/w.size][from : from+n]
}

// advance gives up the bytes before start, which were read. The lock is held.
func (w *window) advance(start int64) {
	if w.sum != nil {
		for pos := w.start; pos < start; {
			stretch := w.at(pos, start)
			w.sum.Write(stretch)
			pos += int64(len(stretch))
		}
	}
	over := int(min(start/w.size-w.start/w.size, int64(len(w.blocks))))
	w.free = append(w.free, w.blocks[:over]...)
	w.blocks = w.blocks[over:]
	w.start = start
	w.changed.Broadcast()
}

// wakeAtEnd wakes all waits when ctx ends, until stop is called, so that a canceled upload
// does not hang on a stream that delivers nothing.
func (w *window) wakeAtEnd(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, w.wake)
}

// Chunk implements [Handle].
func (w *window) Chunk(ctx context.Context, off, chunk int64) (Chunk, error) {
	if chunk <= 0 || chunk > w.chunk {
		chunk = w.chunk
	}
	defer w.wakeAtEnd(ctx)()

	w.mu.Lock()
	defer w.mu.Unlock()
	if off < w.start {
		return Chunk{}, w.lost(off)
	}
	w.moveMark(off) // also back, because the bytes from off on have to stay
	for {
		if ctx.Err() != nil {
			return Chunk{}, cause.Why(ctx)
		}
		if w.err != nil && !input.IsEnd(w.err) {
			return Chunk{}, Error(w.err)
		}
		// A chunk is ready when it is full and known to be the last or not, or when no
		// more bytes will come.
		if w.err != nil || w.end-off > chunk {
			break
		}
		w.changed.Wait()
	}
	atEnd := w.err != nil
	if err := w.agrees(off, atEnd); err != nil {
		return Chunk{}, err
	}
	rng := protocol.Range{Start: off, End: off + min(chunk, w.end-off)}
	return Chunk{Range: rng, Last: atEnd && rng.End == w.end, Reader: func() (io.Reader, error) {
		return &windowReader{w: w, pos: rng.Start, end: rng.End}, nil
	}}, nil
}

// lost returns the error for an offset before the bytes that the stream keeps.
func (w *window) lost(off int64) error {
	return fmt.Errorf("%w: %w: the server is at %d, the stream keeps bytes from %d on", failure.ErrSource, failure.ErrSourceWindow, off, w.start)
}

// starvation is how long a Read of a Live chunk waits for the server to acknowledge bytes, so
// that the window gets room for further ones.
const starvation = 5 * time.Second

// Rest implements [Streamer].
func (w *window) Rest(ctx context.Context, off int64) (Chunk, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return Chunk{}, cause.Why(ctx)
	case off < w.start:
		return Chunk{}, w.lost(off)
	case w.err != nil && !input.IsEnd(w.err):
		return Chunk{}, Error(w.err)
	}
	w.moveMark(off)
	rng := protocol.Range{Start: off, End: Endless}
	if n, ok := w.stated.Int64(); ok {
		rng.End = max(n, off)
	}
	if w.err != nil {
		if err := w.agrees(off, true); err != nil {
			return Chunk{}, err
		}
		rng.End = w.end
		return Chunk{Range: rng, Last: true, Reader: func() (io.Reader, error) {
			return &windowReader{w: w, pos: rng.Start, end: rng.End}, nil
		}}, nil
	}
	return Chunk{Range: rng, Last: true, Live: true, Reader: func() (io.Reader, error) {
		return &liveReader{w: w, pos: off}, nil
	}}, nil
}

// liveReader reads to the end of the stream. It waits for bytes.
type liveReader struct {
	w      *window
	pos    int64
	closed bool // guarded by w.mu
}

// Read implements [io.Reader].
func (r *liveReader) Read(p []byte) (int, error) {
	w := r.w
	w.mu.Lock()
	defer w.mu.Unlock()
	var since time.Time // when the window was found to be full; zero: it has room
	for {
		switch {
		case r.closed || w.closed:
			return 0, io.ErrClosedPipe
		case r.pos < w.start:
			return 0, fmt.Errorf("%w: at %d", failure.ErrSourceWindow, r.pos)
		case r.pos < w.ready():
			n := copy(p, w.at(r.pos, w.ready()))
			r.pos += int64(n)
			return n, nil
		case input.IsEnd(w.err):
			if err := w.agrees(r.pos, true); err != nil {
				return 0, err
			}
			return 0, io.EOF
		case w.err != nil:
			return 0, Error(w.err)
		case w.isTooLong():
			return 0, w.agrees(r.pos, false)
		case !w.isFull():
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
			defer time.AfterFunc(starvation, w.wake).Stop()
		case time.Since(since) >= starvation:
			return 0, failure.ErrUnacknowledged
		}
		w.changed.Wait()
	}
}

// ready returns the end of the bytes that a request can have. The last byte of a stream whose
// length was stated waits for the end of the stream, because a longer stream is an error. The lock
// is held.
func (w *window) ready() int64 {
	if n, ok := w.stated.Int64(); ok && (w.err == nil || w.end > n) {
		return min(w.end, n-1)
	}
	return w.end
}

func (w *window) isTooLong() bool {
	n, ok := w.stated.Int64()
	return ok && w.end > n
}

// isFull reports whether there is no room for further bytes before the server acknowledges
// some. The lock is held.
func (w *window) isFull() bool { return w.end-w.start == w.limit && min(w.mark, w.end) <= w.start }

// wake wakes all waits.
func (w *window) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed.Broadcast()
}

// Close implements [io.Closer].
func (r *liveReader) Close() error {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	r.closed = true
	r.w.changed.Broadcast()
	return nil
}

// agrees compares a stream with the length that was stated for it.
func (w *window) agrees(off int64, ended bool) error {
	if off > w.end {
		return fmt.Errorf("%w: %w: the server is at %d, the stream ended at %d", failure.ErrSource, failure.ErrSourceChanged, off, w.end)
	}
	stated, ok := w.stated.Int64()
	if !ok {
		return nil
	}
	if w.end > stated {
		return fmt.Errorf("%w: %w: the stream has more than the %d announced bytes", failure.ErrSource, failure.ErrSourceChanged, stated)
	}
	if ended && w.end < stated {
		return fmt.Errorf("%w: %w: the stream ended after %d of %d bytes", failure.ErrSource, failure.ErrSourceChanged, w.end, stated)
	}
	return nil
}

// Length implements [Handle].
func (w *window) Length() protocol.Length {
	if _, ok := w.stated.Int64(); ok {
		return w.stated
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if input.IsEnd(w.err) {
		return protocol.Known(w.end)
	}
	return protocol.Length{}
}

// Check implements [Handle]: what a stream delivered does not change.
func (w *window) Check(context.Context) error { return nil }

// Spool implements [Spooler].
func (w *window) Spool() int64 { return w.spool }

// Release implements [Releaser].
func (w *window) Release(off int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moveMark(off)
}

// moveMark sets which bytes may be given up. The lock is held.
func (w *window) moveMark(off int64) {
	w.mark = off
	w.changed.Broadcast()
}

// Close implements [Handle].
func (w *window) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.changed.Broadcast()
	return nil
}

// windowReader reads a range that stays in the window while it is read.
type windowReader struct {
	w        *window
	pos, end int64
}

func (r *windowReader) Read(p []byte) (int, error) {
	if r.pos == r.end {
		return 0, io.EOF
	}
	w := r.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.pos < w.start {
		return 0, fmt.Errorf("%w: at %d", failure.ErrSourceWindow, r.pos)
	}
	n := copy(p, w.at(r.pos, r.end))
	r.pos += int64(n)
	return n, nil
}

// PrepareDigest implements [Digester]: the window sums up the bytes that pass through it.
func (w *window) PrepareDigest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sum = sha256.New()
}

// Digest implements [Digester]. If the server had all bytes from the start, they pass
// through the window only now.
func (w *window) Digest(ctx context.Context) ([]byte, error) {
	defer w.wakeAtEnd(ctx)()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sum == nil {
		return nil, fmt.Errorf("%w: the SHA-256 of the stream was not computed", failure.ErrUnverified)
	}
	for w.err == nil {
		if ctx.Err() != nil {
			return nil, cause.Why(ctx)
		}
		w.advance(w.end)
		w.changed.Wait()
	}
	if !input.IsEnd(w.err) {
		return nil, Error(w.err)
	}
	w.advance(w.end)
	if err := w.agrees(w.end, true); err != nil {
		return nil, err
	}
	return w.sum.Sum(nil), nil
}
