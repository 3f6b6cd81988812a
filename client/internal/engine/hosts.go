package engine

import (
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/transport/hostcache"
)

// Hosts is a set of hosts of limited size. The zero value is empty. It is safe for concurrent
// use.
type Hosts struct {
	hosts hostcache.Cache[bool]
}

// Has reports whether the host of a URL is in the set.
func (h *Hosts) Has(rawURL string) bool {
	if h.hosts.Len() == 0 {
		return false
	}
	_, ok := h.hosts.Get(address.HostOf(rawURL))
	return ok
}

// Add puts the host of a URL into the set.
func (h *Hosts) Add(rawURL string) {
	h.hosts.Update(address.HostOf(rawURL), func(bool, bool) (bool, bool) { return true, true })
}
