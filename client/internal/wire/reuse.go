package wire

import (
	"time"

	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/transport/hostcache"
)

// freshTime is how long each request to a host gets a new connection after a connection
// died that was used again.
const freshTime = time.Minute

// reuse remembers the hosts whose connections died when they were used again, such as those
// of a load balancer that closes idle connections early. The zero value knows none. It is
// safe for concurrent use.
type reuse struct {
	died hostcache.Cache[time.Time]
}

// failed records that a reused connection to the host of a URL died.
func (r *reuse) failed(rawURL string) { r.died.Set(address.HostOf(rawURL), time.Now()) }

// harms reports whether requests to the host of a URL need new connections.
func (r *reuse) harms(rawURL string) bool {
	if r.died.Len() == 0 {
		return false
	}
	when, ok := r.died.Get(address.HostOf(rawURL))
	return ok && time.Since(when) < freshTime
}
