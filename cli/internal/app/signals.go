package app

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// untilSignal gives a context that the first signal ends, with the cause
// exit.ErrInterrupted. The second signal ends the program.
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
		select {
		case <-signals:
			os.Exit(exit.Interrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(pipe)
		close(done)
		cancel(nil)
	}
}
