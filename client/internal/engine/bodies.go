package engine

import (
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport/hostcache"
)

const (
	// minBody is the smallest body, in bytes, that the engine tries after a larger one was
	// refused or lost. Some firewalls allow 128 KiB.
	minBody = 64 << 10

	// minDropped is the largest body, in bytes, that is tried at once after a larger one was
	// lost, however few bytes of that were sent.
	minDropped = 4 << 20
)

// Bodies remembers how large a body may be, in bytes, for each host that refused one. The
// zero value knows no limit. It is safe for concurrent use.
type Bodies struct {
	hosts hostcache.Cache[int64]
}

// Apply returns the chunk size for a URL; 0 means no limit, as it does for chunk.
func (b *Bodies) Apply(rawURL string, chunk int64) int64 {
	limit, ok := b.Of(rawURL)
	if !ok {
		return chunk
	}
	if chunk == 0 {
		return limit
	}
	return min(chunk, limit)
}

// Of returns the limit for a URL if one is known.
func (b *Bodies) Of(rawURL string) (int64, bool) {
	if b.hosts.Len() == 0 {
		return 0, false
	}
	return b.hosts.Get(address.HostOf(rawURL))
}

// halved returns half of a body that was refused, as far as the limits allow. It is
// false if no smaller body is worth a try.
func halved(refused int64, limits protocol.Limits) (int64, bool) {
	if refused <= minBody {
		return 0, false
	}
	limit := limits.Fit(max(refused/2, minBody))
	return limit, limit > 0
}

// afterDrop returns the size to halve after the server kept nothing of a body of piece
// bytes, of which the network took sent. A time limit that cut the body would have cut one
// with only the bytes that were sent, too. Half of a size that is not piece is a whole number
// of MiB, which people can read.
func afterDrop(piece, sent int64) int64 {
	const unit = 2 << 20
	return min(piece, max(sent-sent%unit, 2*minDropped))
}

// lower makes limit the limit of the host of a URL, unless a lower one is known.
func (b *Bodies) lower(rawURL string, limit int64) {
	b.hosts.Update(address.HostOf(rawURL), func(old int64, found bool) (int64, bool) {
		if found {
			return min(old, limit), true
		}
		return limit, true
	})
}
