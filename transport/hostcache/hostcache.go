// Package hostcache keeps values by host, for a limited number of hosts.
//
// A program that sends requests for years meets any number of hosts. Facts that are
// cheap to learn again, such as a limit that a host once named, belong in a [Cache]
// and not in a map.
package hostcache

import "sync"

// Size is the largest number of hosts that a [Cache] keeps.
const Size = 256

// Cache maps hosts to values. A new host takes the place of the one that has been
// unused for longest when there are [Size] of them. The zero value is empty and
// ready. A Cache is safe for concurrent use and must not be copied.
//
// The key may be any text that stands for a host, such as an origin.
type Cache[V any] struct {
	mu      sync.Mutex
	clock   uint64 // counts uses
	entries map[string]entry[V]
}

type entry[V any] struct {
	value V
	used  uint64 // clock of the last use
}

// Len returns the number of hosts.
func (c *Cache[V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

// Get returns the value of host, and whether there is one. It counts as a use.
func (c *Cache[V]) Get(host string) (value V, ok bool) {
	c.Update(host, func(old V, found bool) (V, bool) {
		value, ok = old, found
		return old, found
	})
	return value, ok
}

// Set keeps value for host.
func (c *Cache[V]) Set(host string, value V) {
	c.Update(host, func(V, bool) (V, bool) { return value, true })
}

// Update replaces the value of host by what change returns, or removes it if keep
// is false. change gets the present value, or the zero value if found is false. No
// other call changes the Cache meanwhile, so change must not use the Cache.
func (c *Cache[V]) Update(host string, change func(old V, found bool) (value V, keep bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, found := c.entries[host]
	value, keep := change(old.value, found)
	if !keep {
		delete(c.entries, host)
		return
	}
	if !found && len(c.entries) == Size {
		delete(c.entries, c.oldest())
	}
	if c.entries == nil {
		c.entries = make(map[string]entry[V])
	}
	c.clock++
	c.entries[host] = entry[V]{value, c.clock}
}

// oldest returns the host that has been unused for longest.
func (c *Cache[V]) oldest() string {
	var oldest string
	least := c.clock + 1
	for host, e := range c.entries {
		if e.used < least {
			oldest, least = host, e.used
		}
	}
	return oldest
}
