package doctor

import (
	"errors"
	"io"
	"sync"
)

var errShut = errors.New("the body is cut off here")

// A gate is a body of size bytes that stops after the first open bytes, until it is
// shut. It is safe for concurrent use.
type gate struct {
	size, open int64

	mu      sync.Mutex
	n       int64
	reached chan struct{} // closed when all open bytes were read; nil: not used
	over    bool          // reached is closed
	shut    chan struct{} // its close ends the body; nil: the body does not end
}

// newGate returns a body that stops after its first half.
func newGate(size int64) *gate {
	return &gate{size: size, open: size / 2, reached: make(chan struct{}), shut: make(chan struct{})}
}

func (g *gate) Read(p []byte) (int, error) {
	g.mu.Lock()
	left := g.open - g.n
	if left > 0 {
		n := min(int64(len(p)), left)
		g.n += n
		clear(p[:n])
		g.mu.Unlock()
		return int(n), nil
	}
	if !g.over && g.reached != nil {
		g.over = true
		close(g.reached)
	}
	end := g.n == g.size
	g.mu.Unlock()
	if end {
		return 0, io.EOF
	}
	<-g.shut
	return 0, errShut
}

// read returns the number of bytes that were read.
func (g *gate) read() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.n
}
