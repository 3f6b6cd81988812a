package app

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
)

// jobRun is one run of a worker: it reports events, and counts them for the metrics.
type jobRun struct {
	a         *app
	cmd       *cobra.Command
	job       *openedJob
	untilDone bool
	json      bool

	screen *output.Screen // on which a line shows the progress; nil: lines are written
	ticks  *time.Ticker
	closed chan struct{}
	done   sync.WaitGroup

	mu      sync.Mutex
	counts  jobCounts
	printed jobCounts        // when a line was written last
	sent    map[string]int64 // bytes of the uploads in flight, by ID of the item
	lacking map[string]bool  // roots that were reported
	away    bool             // the engine does not answer
}

// jobCounts are what a worker did since it began.
type jobCounts struct {
	done, failed, putBack, returned, lost, retries int64
	bytes                                          int64 // handed to the network
	inFlight                                       int64
}

// The intervals at which progress is shown.
const (
	drawInterval = 500 * time.Millisecond
	lineInterval = 10 * time.Second
)

// newJobRun returns a run that shows nothing before start.
func newJobRun(a *app, cmd *cobra.Command, opened *openedJob, w *flags.JobWork) *jobRun {
	return &jobRun{
		a: a, cmd: cmd, job: opened, untilDone: w.UntilDone, json: w.JSON, closed: make(chan struct{}),
		sent: make(map[string]int64), lacking: make(map[string]bool),
	}
}

// start begins to show the progress, until close.
func (r *jobRun) start() {
	interval := lineInterval
	if screen, ok := r.a.console.Terminal(); ok && !r.a.console.IsQuiet() && !r.a.console.IsJSON() {
		r.screen, interval = screen, drawInterval
		r.a.console.Out.Through(screen)
	}
	r.ticks = time.NewTicker(interval)
	r.done.Go(r.showAll)
}

// close ends the display, and says what the worker did.
func (r *jobRun) close() {
	close(r.closed)
	r.done.Wait()
	r.ticks.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	failed := ""
	if r.counts.failed > 0 {
		failed = fmt.Sprintf(", %d failed", r.counts.failed)
	}
	r.a.console.Say("this worker sent %s, %s%s", units.FormatCount(int(r.counts.done), "file", "files"), units.FormatSize(r.counts.bytes), failed)
}

func (r *jobRun) showAll() {
	for {
		select {
		case <-r.closed:
			if r.screen != nil {
				r.screen.Draw(nil)
			}
			return
		case <-r.ticks.C:
			r.show()
		}
	}
}

// show draws or writes what the worker did so far.
func (r *jobRun) show() {
	r.mu.Lock()
	counts, changed := r.counts, r.counts != r.printed
	r.printed = counts
	r.mu.Unlock()
	text := fmt.Sprintf("%d done, %d failed, %d in flight, %s sent", counts.done, counts.failed, counts.inFlight, units.FormatSize(counts.bytes))
	switch {
	case r.screen != nil:
		columns, _ := r.screen.Size()
		r.screen.Draw([]string{output.Cut(r.job.Name()+": "+text, columns-1)})
	case changed && !r.json:
		r.a.console.Say("%s", text)
	}
}

// event reports an event of the worker.
func (r *jobRun) event(e fleet.Event) {
	r.count(e)
	if r.json && e.Kind != fleet.EventUpload {
		r.a.console.Out.JSON(newJobEvent(e))
	}
	name := output.Escape(e.Item.Name())
	switch e.Kind {
	case fleet.EventFailed:
		r.a.console.Complain(r.cmd, &advice.Failure{Subject: name, Err: fmt.Errorf("failed for good (%s): %s", e.Result.Class, e.Result.Message)}, "")
	case fleet.EventPutBack:
		r.a.console.Say("%s: trying again in %s: %s", name, units.FormatWait(e.Wait), output.OneLine(output.ErrorText(e.Err)))
	case fleet.EventReturned:
		if errors.Is(e.Err, fleet.ErrNoRoot) || errors.Is(e.Err, fleet.ErrNoAccess) {
			r.lacksRoot(e)
		}
	case fleet.EventLost:
		r.a.console.Say("%s: another worker may have it now: %s", name, output.OneLine(output.ErrorText(e.Err)))
	case fleet.EventEngine:
		r.engineChanged(e.Err)
	case fleet.EventGate:
		r.a.console.Say("the server asks for fewer requests: waiting %s", units.FormatWait(e.Wait))
	case fleet.EventDraining:
		r.a.console.Say("taking no further files; finishing those under way for at most %s", units.FormatWait(e.Wait))
	case fleet.EventUpload:
		r.a.console.Observe(e.Item.Name(), e.Upload)
	}
}

// count counts an event.
func (r *jobRun) count(e fleet.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &r.counts
	switch e.Kind {
	case fleet.EventClaimed:
		c.inFlight++
	case fleet.EventDone:
		c.done++
	case fleet.EventFailed:
		c.failed++
	case fleet.EventPutBack:
		c.putBack++
	case fleet.EventReturned:
		c.returned++
	case fleet.EventLost:
		c.lost++
	case fleet.EventUpload:
		if e.Upload.Kind == client.EventRetry {
			c.retries++
		}
		c.bytes += max(0, e.Upload.Sent-r.sent[e.ID])
		r.sent[e.ID] = e.Upload.Sent
	}
	if e.Ends() {
		c.inFlight--
		delete(r.sent, e.ID)
	}
}

// lacksRoot reports once for each root that the worker does not know it or cannot read it.
func (r *jobRun) lacksRoot(e fleet.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lacking[e.Item.Root] {
		return
	}
	r.lacking[e.Item.Root] = true
	switch root := output.Escape(e.Item.Root); {
	case errors.Is(e.Err, fleet.ErrNoAccess):
		r.a.console.Say("%s: its files are left to other workers: %s", root, output.OneLine(output.ErrorText(e.Err)))
	case e.Item.IsRemote():
		r.a.console.Say("there is no --root %s: its files are left to other workers", root)
	default:
		r.a.console.Say("there is no --root %s=FOLDER: its files are left to other workers", root)
	}
}

func (r *jobRun) engineChanged(err error) {
	r.mu.Lock()
	was := r.away
	r.away = err != nil
	r.mu.Unlock()
	switch {
	case err != nil && !was:
		r.a.console.Say("the engine does not answer: waiting for it: %s", output.OneLine(output.ErrorText(err)))
	case err == nil && was:
		r.a.console.Say("the engine answers again")
	}
}
