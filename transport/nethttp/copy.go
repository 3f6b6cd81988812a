package nethttp

import (
	"io"
	"sync"
	"syscall"
	"time"
)

const (
	// leastCopy is what is read of a body at a time to begin with, in bytes.
	leastCopy = 32 << 10

	// mostCopy is what is read where the network takes it quickly.
	mostCopy = 128 << 10

	// trial is how many bytes the network must have taken quickly before more
	// are read at a time: the system's buffers take the first of them. Slow
	// writes stay small, for each is a sign of life.
	trial = 4 << 20

	// quick is the longest that those bytes may take.
	quick = 400 * time.Millisecond

	// slow is the longest that a large write may take.
	slow = 50 * time.Millisecond
)

var (
	leastBuffers = sync.Pool{New: func() any { return new([leastCopy]byte) }}
	mostBuffers  = sync.Pool{New: func() any { return new([mostCopy]byte) }}
)

// copyBody is io.Copy in pieces that become larger where that is faster: of
// 32 KiB, as in net/http, the system calls cost more than of 128.
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
			case now.Sub(began) > slow:
				buf, since, taken = least[:], now, 0
			case len(buf) == leastCopy && taken >= trial:
				if now.Sub(since) <= quick {
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

// isFile tells whether what is read, behind the limit that net/http puts around
// a body, can be sent by the system itself.
func isFile(r io.Reader) bool {
	if l, ok := r.(*io.LimitedReader); ok {
		r = l.R
	}
	_, ok := r.(syscall.Conn)
	return ok
}
