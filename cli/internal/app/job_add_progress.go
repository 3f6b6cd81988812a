package app

import (
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client/fleet"
)

// addProgress shows how many items were added: on a terminal as a line that changes, and
// elsewhere not at all. It is safe for concurrent use.
type addProgress struct {
	screen *output.Screen // nil: nothing is shown

	mu   sync.Mutex
	last time.Time
}

func (a *app) addProgress() *addProgress {
	p := &addProgress{}
	if screen, ok := a.console.Terminal(); ok && !a.console.IsQuiet() && !a.console.IsJSON() {
		p.screen = screen
	}
	return p
}

func (p *addProgress) update(added fleet.Added) {
	if p.screen == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.last) > 100*time.Millisecond {
		p.last = now
		p.screen.Draw([]string{units.FormatCount(int(added.Items), "file added", "files added") + ", " + units.FormatSize(added.Bytes)})
	}
}

func (p *addProgress) close() {
	if p.screen != nil {
		p.screen.Draw(nil)
	}
}
