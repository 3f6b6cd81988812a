package client

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"sync/atomic"
)

var errBodyStopped = errors.New("the request is over")

// body is the payload of one request. It can be opened again, for a redirect
// that keeps the method or a connection that closed before anything was sent.
type body struct {
	size   int64
	data   []byte                    // the bytes, where they are in memory: no reader is needed
	sum    summing                   // where its checksum follows it
	reader func() (io.Reader, error) // size bytes, anew with each call
	file   *fileRange                // where they lie; nil: in no file
	last   bool                      // the upload ends with these bytes
	onSent func(n int64)             // bytes taken by the network, counted in this request; nil: nobody asks
	gauge  *atomic.Int64             // counts the bytes taken, of several bodies; nil: nobody asks
	dog    *watchdog
	pace   *pace
	wait   func(n int) error // for n bytes of pace

	mu      sync.Mutex
	current *bodyReader // the one that counts
	high    int64       // most bytes taken by any reader
	err     error       // why the source failed
	stopped bool
}

// open gives a reader of the whole body; an earlier one reads no further.
func (b *body) open() (io.ReadCloser, error) {
	r, err := b.reader()
	if err != nil {
		err = sourceError(err)
		b.mu.Lock()
		b.err = err
		b.mu.Unlock()
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current = &bodyReader{b: b, r: r}
	if b.file != nil && b.pace == nil && !b.sum.trailer {
		return newFileSender(b.current), nil
	}
	return b.current, nil
}

// known gives a body that net/http knows to be in memory, so that it sends it along
// with the headers, in one piece.
func (b *body) known() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b.data)), nil
}

// stop waits for a running Read to end, and lets none follow.
func (b *body) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
}

// sent is the most bytes that the network took.
func (b *body) sent() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.high
}

func (b *body) sourceError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

type bodyReader struct {
	b    *body
	r    io.Reader
	n    int64
	paid int // bytes that were waited for and not read yet

	sum    hash.Hash    // of what was read; nil: nobody asks
	summed func([]byte) // gets the sum when all was read
}

func (r *bodyReader) Read(p []byte) (int, error) {
	// Outside of the lock: whoever stops the body must not wait as well.
	p, err := r.paced(p)
	if err != nil {
		return 0, err
	}
	n, err := r.take(int64(len(p)), func(most int64) (int64, error) {
		n, err := r.r.Read(p[:most])
		r.paid -= n
		if r.sum != nil && n > 0 {
			r.sum.Write(p[:n])
			if r.n+int64(n) == r.b.size {
				r.summed(r.sum.Sum(nil))
			}
		}
		return int64(n), err
	})
	return int(n), err
}

// take has move hand on up to most of the bytes that are left, and counts them.
// An error of move is one of the source.
func (r *bodyReader) take(most int64, move func(most int64) (int64, error)) (int64, error) {
	b := r.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped || b.current != r {
		return 0, errBodyStopped
	}
	left := b.size - r.n
	if left <= 0 {
		return 0, io.EOF
	}
	b.dog.pause()
	n, err := move(min(most, left))
	r.n += n
	if b.gauge != nil {
		b.gauge.Add(n)
	}
	b.high = max(b.high, r.n)
	if r.n == b.size {
		if b.last {
			b.dog.finishing()
		} else {
			b.dog.alive()
		}
	} else {
		b.dog.alive()
		if isEnd(err) {
			err = fmt.Errorf("%w: %d bytes are missing", ErrSourceChanged, b.size-r.n)
		}
		if err != nil {
			b.err = sourceError(err)
			return n, b.err
		}
	}
	if n > 0 && b.onSent != nil {
		b.onSent(r.n)
	}
	return n, nil
}

// paced waits for the pace, and gives as much of p as may be filled.
func (r *bodyReader) paced(p []byte) ([]byte, error) {
	if r.b.pace == nil {
		return p, nil
	}
	n := r.b.pace.most(int(min(int64(len(p)), r.b.size-r.n)))
	if n > r.paid {
		r.b.dog.pause()
		if err := r.b.wait(n - r.paid); err != nil {
			return nil, err
		}
		r.paid = n
	}
	return p[:n], nil
}

func (r *bodyReader) Close() error { return nil }
