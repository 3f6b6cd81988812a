package fleet

import (
	"testing"
	"time"
)

// The waits of hosts that are not asked again are forgotten when they are over.
func TestGatesForget(t *testing.T) {
	t.Parallel()
	g := newGates(nil, "w", func(Event) {})
	now := time.Now()
	g.note(g.closed, "a.example", time.Minute)
	if wait := g.wait("a.example", now); wait < 59*time.Second || wait > time.Minute+time.Second {
		t.Errorf("a wait of %v, want a minute", wait)
	}
	g.repeat(now.Add(time.Hour))
	if wait := g.wait("a.example", now); wait != 0 {
		t.Errorf("a wait of %v after it was over, want none", wait)
	}
	if len(g.closed) > 0 {
		t.Errorf("%d waits are kept", len(g.closed))
	}
}
