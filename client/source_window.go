package client

import (
	"context"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/tusker-go/tusker/protocol"
)

// window holds the bytes of a stream that may have to be sent again, and those
// read ahead: bytes [start, end) of the stream. What the server has acknowledged
// stays until its room is needed, since servers lose some of that too. The bytes
// lie in blocks of one size, which are used again once they are free, so that
// memory grows to what is needed without being copied.
type window struct {
	stated protocol.Length
	spool  int64
	chunk  int64
	limit  int64 // what may be held at a time; more than a chunk
	size   int64 // of a block

	mu         sync.Mutex
	blocks     [][]byte // the first holds start
	free       [][]byte
	start, end int64
	mark       int64     // what is before it may be given up; it may be beyond end
	sum        hash.Hash // of what is before start; nil: nobody asks
	err        error     // io.EOF, or why reading failed
	closed     bool      // no upload needs the bytes any more
	changed    sync.Cond // one of the above, or a context that is waited under
}

// blockSize is the size of a block, in bytes, where the window is larger.
const blockSize = 256 << 10

// fill reads ahead until the stream ends. Only fill writes to blocks, and only
// outside of [start, end), so it needs no lock while it reads.
func (w *window) fill(r io.Reader) {
	idle := 0
	for {
		free, ok := w.room()
		if !ok {
			return
		}
		n, err := r.Read(free)
		if n < 0 || n > len(free) {
			n, err = 0, fmt.Errorf("reader gave an impossible count %d", n)
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

// room waits for a free stretch of a block; !ok means that none is needed.
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

// giveUp makes room in a window that is full for what one Read can take, as far
// as that was released, and tells whether there is any. It leaves most of a small
// window: what the Read will bring is not there yet. The lock is held.
func (w *window) giveUp() bool {
	spare := min(w.mark, w.end) - w.start
	if spare <= 0 {
		return false
	}
	w.advance(w.start + min(spare, w.size-w.end%w.size, max(1, w.limit/4)))
	return true
}

// block gives one that is free.
func (w *window) block() []byte {
	if n := len(w.free); n > 0 {
		b := w.free[n-1]
		w.free = w.free[:n-1]
		return b
	}
	return make([]byte, w.size)
}

// at gives the bytes from pos on that lie in one block, up to end.
func (w *window) at(pos, end int64) []byte {
	from := pos % w.size
	n := min(w.size-from, end-pos)
	return w.blocks[pos/w.size-w.start/w.size][from : from+n]
}

// advance gives up the bytes before start, which are read. The lock is held.
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

// wakeAtEnd makes what waits look again when ctx ends, until stop is called: an
// upload that was cancelled does not hang on a stream that delivers nothing.
func (w *window) wakeAtEnd(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.changed.Broadcast()
	})
}

func (w *window) cut(ctx context.Context, off, chunk int64) (cut, error) {
	if chunk <= 0 || chunk > w.chunk {
		chunk = w.chunk
	}
	defer w.wakeAtEnd(ctx)()

	w.mu.Lock()
	defer w.mu.Unlock()
	if off < w.start {
		return cut{}, fmt.Errorf("%w: %w: the server is at %d, the stream keeps bytes from %d on", ErrSource, ErrSourceWindow, off, w.start)
	}
	w.moveMark(off) // also back, for what follows off stays
	for {
		if ctx.Err() != nil {
			return cut{}, ended(ctx)
		}
		if w.err != nil && !isEnd(w.err) {
			return cut{}, sourceError(w.err)
		}
		// A chunk is ready when it is full and known to be the last or not, or
		// will not get any fuller.
		if w.err != nil || w.end-off > chunk {
			break
		}
		w.changed.Wait()
	}
	ended := w.err != nil
	if err := w.agrees(off, ended); err != nil {
		return cut{}, err
	}
	rng := protocol.Range{Start: off, End: off + min(chunk, w.end-off)}
	return cut{Range: rng, last: ended && rng.End == w.end, reader: func() (io.Reader, error) {
		return &windowReader{w: w, pos: rng.Start, end: rng.End}, nil
	}}, nil
}

// agrees holds a stream against the length that was stated for it.
func (w *window) agrees(off int64, ended bool) error {
	if off > w.end {
		return fmt.Errorf("%w: %w: the server is at %d, the stream ended at %d", ErrSource, ErrSourceChanged, off, w.end)
	}
	stated, ok := w.stated.Int64()
	if !ok {
		return nil
	}
	if w.end > stated {
		return fmt.Errorf("%w: %w: the stream has more than the %d bytes that were stated", ErrSource, ErrSourceChanged, stated)
	}
	if ended && w.end < stated {
		return fmt.Errorf("%w: %w: the stream ended after %d of %d bytes", ErrSource, ErrSourceChanged, w.end, stated)
	}
	return nil
}

func (w *window) length() protocol.Length {
	if _, ok := w.stated.Int64(); ok {
		return w.stated
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if isEnd(w.err) {
		return protocol.Known(w.end)
	}
	return protocol.Length{}
}

func (w *window) check() error                   { return nil }
func (w *window) fingerprint(_, _ string) string { return "" }

func (w *window) release(off int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moveMark(off)
}

// moveMark says what may be given up. The lock is held.
func (w *window) moveMark(off int64) {
	w.mark = off
	w.changed.Broadcast()
}

func (w *window) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.changed.Broadcast()
	return nil
}

// windowReader reads a stretch that stays in the window while it is read.
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
		return 0, fmt.Errorf("%w: at %d", ErrSourceWindow, r.pos)
	}
	n := copy(p, w.at(r.pos, r.end))
	r.pos += int64(n)
	return n, nil
}
