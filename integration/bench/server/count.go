package main

import (
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

// counts is a middleware that counts requests, their bytes and their connections.
type counts struct {
	received atomic.Int64

	mu       sync.Mutex
	requests map[string]int
	peers    map[string]struct{}
}

func (c *counts) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests, c.peers = make(map[string]int), make(map[string]struct{})
	c.received.Store(0)
}

func (c *counts) stats() control.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return control.Stats{Requests: maps.Clone(c.requests), Connections: len(c.peers), Received: c.received.Load()}
}

func (c *counts) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.requests[r.Method]++
		c.peers[r.RemoteAddr] = struct{}{}
		c.mu.Unlock()
		r.Body = &countedBody{ReadCloser: r.Body, n: &c.received}
		next.ServeHTTP(w, r)
	})
}

type countedBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}
