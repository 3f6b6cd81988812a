package app

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// echo is how long signals after the first one count as the same. Programs such as
// timeout(1) send theirs to the process and then to its group.
const echo = 300 * time.Millisecond

// untilSignal gives a context that the first signal ends, with the cause
// exit.ErrInterrupted. A second signal, later than an echo, ends the program.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		// What runs under nohup or in the background of a shell is not to be
		// interrupted.
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	// A closed pipe is to be seen as the error of a write, so that temporary
	// files are removed. Nobody listens to this channel.
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
