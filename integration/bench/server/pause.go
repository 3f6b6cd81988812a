package main

import (
	"sync"
	"time"
)

// flowing is more than a request without a body.
const flowing = 8 << 10

// pause measures how long nothing but headers comes after a cut. It is for one
// upload at a time.
type pause struct {
	mu     sync.Mutex
	since  time.Time // zero: it flows
	bytes  int       // since then
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
