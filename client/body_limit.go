package client

import (
	"sync"
	"sync/atomic"
)

// minBody is the smallest body that a proxy's limit makes of a larger one, in
// bytes: the default limit of servers that have one is 256 KiB or more.
const minBody = 256 << 10

// bodyLimits remembers, host by host, how large a body may be. The zero value
// knows of none. It is safe for concurrent use.
type bodyLimits struct {
	m     sync.Map    // host -> int64
	known atomic.Bool // there is one in m
}

// apply gives the chunk size for a URL; 0 is no limit, as for chunk.
func (l *bodyLimits) apply(rawURL string, chunk int64) int64 {
	limit, ok := l.of(rawURL)
	if !ok {
		return chunk
	}
	if chunk == 0 {
		return limit
	}
	return min(chunk, limit)
}

// of is the limit for a URL, where one is known.
func (l *bodyLimits) of(rawURL string) (int64, bool) {
	if !l.known.Load() {
		return 0, false
	}
	v, ok := l.m.Load(hostOf(rawURL))
	if !ok {
		return 0, false
	}
	return v.(int64), true
}

// halve makes half of a body that was refused the limit of its host. It is
// false where no smaller body is worth a try, or within the rule.
func (l *bodyLimits) halve(rawURL string, refused int64, rule ChunkRule) bool {
	if refused <= minBody {
		return false
	}
	limit, host := rule.fit(max(refused/2, minBody)), hostOf(rawURL)
	if limit == 0 {
		return false
	}
	for {
		old, loaded := l.m.LoadOrStore(host, limit)
		l.known.Store(true)
		if !loaded || old.(int64) <= limit || l.m.CompareAndSwap(host, old, limit) {
			return true
		}
	}
}
