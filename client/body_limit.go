package client

import "github.com/tusker-go/tusker/transport/hostcache"

// minBody is the smallest body that a proxy's limit makes of a larger one, in
// bytes: the default limit of servers that have one is 256 KiB or more.
const minBody = 256 << 10

// bodyLimits remembers how large a body may be, in bytes, for each host that
// refused one. The zero value knows no limit. It is safe for concurrent use.
type bodyLimits struct {
	hosts hostcache.Cache[int64]
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

// of returns the limit for a URL, if there is one.
func (l *bodyLimits) of(rawURL string) (int64, bool) {
	if l.hosts.Len() == 0 {
		return 0, false
	}
	return l.hosts.Get(hostOf(rawURL))
}

// halve makes half of a body that was refused the limit of its host. It is
// false where no smaller body is worth a try, or within the rule.
func (l *bodyLimits) halve(rawURL string, refused int64, rule ChunkRule) bool {
	if refused <= minBody {
		return false
	}
	limit := rule.fit(max(refused/2, minBody))
	if limit == 0 {
		return false
	}
	l.hosts.Update(hostOf(rawURL), func(old int64, found bool) (int64, bool) {
		if found {
			return min(old, limit), true
		}
		return limit, true
	})
	return true
}
