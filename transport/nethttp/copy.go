package nethttp

import (
	"io"
	"sync"
	"syscall"
	"time"
)

const (
	// leastCopy is the initial size in bytes of a read of a body.
	leastCopy = 32 << 10

	// mostCopy is the size in bytes of a read while the network is fast.
	mostCopy = 128 << 10

	// trialBytes is the number of bytes that must be written quickly before reads
	// become larger. The buffers of the operating system take the first bytes
	// at any speed. Writes over a slow network stay small, because each write
	// is reported as progress.
	trialBytes = 4 << 20

	// quickTime is the longest time for trialBytes.
	quickTime = 400 * time.Millisecond

	// slowTime is the longest time for a large write.
	slowTime = 50 * time.Millisecond
)

var (
	leastBuffers = sync.Pool{New: func() any { return new([leastCopy]byte) }}
	mostBuffers  = sync.Pool{New: func() any { return new([mostCopy]byte) }}
)

// copyBody is io.Copy with reads that become larger over a fast network,
// because small reads need more system calls.
func copyBody(w io.Writer, r io.Reader) (int64, error) {
	least := leastBuffers.Get().(*[leastCopy]byte)
	defer leastBuffers.Put(least)
	var most *[mostCopy]byte
	defer func() {
		if most != nil {
			mostBuffers.Put(most)
		}
	}()
	buf, total := least[:], int64(0)
	since, taken := time.Now(), 0
	for {
		n, rerr := r.Read(buf)
		if n > 0 {
			began := time.Now()
			m, err := w.Write(buf[:n])
			total += int64(m)
			if err != nil {
				return total, err
			}
			taken += m
			switch now := time.Now(); {
			case now.Sub(began) > slowTime:
				buf, since, taken = least[:], now, 0
			case len(buf) == leastCopy && taken >= trialBytes:
				if now.Sub(since) <= quickTime {
					if most == nil {
						most = mostBuffers.Get().(*[mostCopy]byte)
					}
					buf = most[:]
				}
				since, taken = now, 0
			}
		}
		if rerr == io.EOF {
			return total, nil
		}
		if rerr != nil {
			return total, rerr
		}
	}
}

// isFile reports whether package net can use sendfile for r, which may be a
// file below the limit that net/http adds to a body.
func isFile(r io.Reader) bool {
	if l, ok := r.(*io.LimitedReader); ok {
		r = l.R
	}
	_, ok := r.(syscall.Conn)
	return ok
}
