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

// untilSignal returns a context that the first signal cancels, with the cause
// exit.ErrInterrupted. A second signal, later than an echo, ends the program.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
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
		for first := time.Now(); ; {
			select {
			case <-signals:
				if time.Since(first) > echo {
					os.Exit(exit.Interrupted)
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(pipe)
		close(done)
		cancel(nil)
	}
}
