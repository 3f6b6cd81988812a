package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
)

// isLost reports whether the bytes of file are gone when the program ends: it is
// standard input, a pipe or a device, and not a file that can be read again.
func (a *app) isLost(file string) bool {
	if file == stdin {
		return !a.stdinIsFile()
	}
	return isStream(file)
}

// lostStreamHint says what to do about a stream whose upload ended early. The rest
// of a new stream does not continue what the server has. A URL with a secret is not
// shown.
func lostStreamHint(url string, same again) string {
	if url == "" {
		return nothingYetHint
	}
	hint := "a stream cannot be resumed once the program has ended: run the same command again from the start of the stream; " +
		"what the server has stays there until it expires"
	if hasSecret(url) {
		return hint + " or tusker terminate deletes it: its URL holds a secret and is not shown here, --json prints it"
	}
	hint += "; to delete it"
	if same.flags {
		hint += ", with the same flags"
	}
	return hint + ": " + same.command("terminate") + quote(url, runtime.GOOS)
}

// errOtherStream means that an upload has bytes which nobody can compare with
// those of a stream.
var errOtherStream = errors.New("nothing shows that this stream is the one the upload was begun with")

func registerSameStream(cmd *cobra.Command, same *bool) {
	cmd.Flags().BoolVar(same, "same-stream", false,
		"resume from a stream that begins with the very bytes that were sent before; they are skipped without a look")
}

// checkStream refuses a stream for an upload that has bytes already: another dump
// or another run of a program would be joined to them.
func (a *app) checkStream(ctx context.Context, c *client.Client, policy retry.Policy) error {
	var has int64
	err := retry.Do(ctx, policy, func(ctx context.Context) error {
		reply, err := c.Head(ctx, c.Endpoint(), nil)
		if err == nil {
			has = reply.State.Offset
		}
		return err
	})
	if err != nil || has == 0 {
		return err
	}
	return exit.With(exit.Source, fmt.Errorf("%w: the server has %s already", errOtherStream, units.FormatSize(has)))
}

const otherStreamHint = "tusker upload sends the stream from its start, as another upload; " +
	"only if it begins with the very bytes that were sent before, --same-stream resumes this one"
