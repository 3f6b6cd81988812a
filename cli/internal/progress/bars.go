package progress

import (
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// frameEvery is the time between two frames.
const frameEvery = 200 * time.Millisecond

// bars draws a board until it is closed.
type bars struct {
	screen *output.Screen
	stop   chan struct{}
	done   sync.WaitGroup
	once   sync.Once
}

func drawBars(b *board, screen *output.Screen, colors bool) *bars {
	d := &bars{screen: screen, stop: make(chan struct{})}
	frame := &frame{colors: colors}
	d.done.Go(func() {
		ticker := time.NewTicker(frameEvery)
		defer ticker.Stop()
		for {
			select {
			case now := <-ticker.C:
				columns, rows := screen.Size()
				screen.Draw(d.picture(b, frame, columns, rows, now))
			case <-d.stop:
				return
			}
		}
	})
	return d
}

func (d *bars) picture(b *board, f *frame, columns, rows int, now time.Time) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sample(now)
	return f.draw(b, columns, rows, now)
}

func (d *bars) close() {
	d.once.Do(func() {
		close(d.stop)
		d.done.Wait()
		d.screen.Draw(nil)
	})
}
