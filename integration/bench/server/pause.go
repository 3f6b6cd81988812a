package main

import (
	"sync"
	"time"
)

// flowing is larger than a request without a body.
const flowing = 8 << 10

// pause measures the time after a cut in which only headers arrive. It supports one
// upload at a time.
type pause struct {
	mu     sync.Mutex
	since  time.Time // zero: bytes of a body arrive
	bytes  int       // bytes since then
	cuts   int
	waited time.Duration
}

func (p *pause) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cuts++
	p.since, p.bytes = time.Now(), 0
}

func (p *pause) came(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		return
	}
	if p.bytes += n; p.bytes >= flowing {
		p.waited += time.Since(p.since)
		p.since = time.Time{}
	}
}

func (p *pause) told() (cuts int, waited time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts, p.waited
}

func (p *pause) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.cuts, p.waited = time.Time{}, 0, 0
}
