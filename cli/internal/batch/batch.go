// Package batch finds the files that the arguments of upload name, and sends them: several at
// a time, with results in the order of the files.
//
// Find lists the files. Batch.Run sends them, and Batch.Plan only says what Run would do.
package batch

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Batch is one run of the upload command. All fields are required, unless their comment says
// otherwise.
type Batch struct {
	// Console gets the results and the messages.
	Console *console.Console
	// Upload has the flags of the command.
	*flags.Upload
	// Cmd is the command, for hints about its flags.
	Cmd *cobra.Command
	// Again has what a command in a hint shares with this one.
	Again advice.Invocation
	// Client is for the endpoint of the uploads.
	Client *client.Client
	// Remote opens files that are not on this machine. nil: there are none.
	Remote *remote.Files
	// Records is the store of the client, or nil without one.
	Records *records.Journal
	// Sent has the files that earlier runs of the command have sent, or is nil.
	Sent *records.Batch
	// List has the files.
	List *Listing
	// MoveRoot is the folder of --move-to, or nil without the flag.
	MoveRoot *os.Root
	// Given is the metadata that the user gave to each upload.
	Given protocol.Metadata

	watching bool // more runs follow, with other files

	// report is called at the end of each file, from any goroutine. nil: it is not called.
	report func(name string, result *client.Result, err error)
}

func (b *Batch) send(ctx context.Context, e entry, sent *sentFile, watch func(client.Event)) (*client.Result, error) {
	if ctx.Err() != nil {
		return &client.Result{}, advice.NotStarted(context.Cause(ctx))
	}
	source, about, err := b.open(ctx, e, sent)
	if err != nil {
		return &client.Result{}, err
	}
	result, err := b.Client.Upload(ctx, source, &client.UploadOptions{
		Metadata: b.MetadataOf(about.name, e.relative(), about.mediaType, b.Given), ChunkSize: int64(b.Chunk), Parallel: int(b.Parallel),
		Verify: b.Verify, Digest: b.Manifest != "", OneOfMany: b.List.Len() > 1, OnEvent: watch,
	})
	// An interrupted batch has one message, and not one for each file.
	if b.List.Len() == 1 || exit.StopCause(err) == nil {
		b.Console.ReportResult(ctx, b.shownName(e), result)
	}
	if exit.IsStopped(err) && result.Header == nil {
		err = advice.NotStarted(err) // The server was not asked.
	}
	return result, err
}

func (b *Batch) nameOf(i int) string { return b.shownName(b.List.entries.at(i)) }
