package wire

import "sync"

// Names is a set of names. The zero value is empty. It is safe for concurrent use.
type Names struct {
	mu    sync.Mutex
	names map[string]bool
}

// Add puts a name into the set, and reports whether it was not there before. A nil set keeps
// nothing.
func (n *Names) Add(name string) bool {
	if n == nil {
		return true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.names[name] {
		return false
	}
	if n.names == nil {
		n.names = make(map[string]bool)
	}
	n.names[name] = true
	return true
}
