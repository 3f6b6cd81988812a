package app

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// echo is the time after the first signal in which more signals count as the same
// one. Programs such as timeout(1) signal the process and then its group.
const echo = 300 * time.Millisecond

// lastTime is how long the program may take to end after the second signal.
const lastTime = time.Second

// untilSignal returns a context that the first signal cancels, with the cause
// exit.ErrInterrupted. The second signal, later than an echo, closes hurry: the command asks
// the server nothing more. The program ends at the third signal, or lastTime after the second.
func untilSignal(ctx context.Context) (until context.Context, hurry <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done, second := make(chan struct{}), make(chan struct{})
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		// A program under nohup or in the background of a shell ignores interrupts.
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	// A closed pipe must lead to a write error instead of a signal, so that
	// temporary files are removed. The channel is not read.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	go func() {
		select {
		case <-signals:
			cancel(exit.ErrInterrupted)
		case <-done:
			return
		}
		var late <-chan time.Time
		for last := time.Now(); ; {
			select {
			case <-signals:
				if time.Since(last) <= echo {
					continue
				}
				if late != nil {
					os.Exit(exit.Interrupted)
				}
				last, late = time.Now(), time.After(lastTime)
				close(second)
			case <-late:
				os.Exit(exit.Interrupted)
			case <-done:
				return
			}
		}
	}()
	return ctx, second, func() {
		signal.Stop(signals)
		signal.Stop(pipe)
		close(done)
		cancel(nil)
	}
}
