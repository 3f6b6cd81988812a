package batch

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// The hint to resume is shown only for errors whose cause the user can fix.
func TestMendedHint(t *testing.T) {
	t.Parallel()
	const mended = "after you have corrected this, run the same command again: it resumes the upload"
	source := func(err error) error { return fmt.Errorf("%w: %w", client.ErrSource, err) }
	answer := func(op protocol.Op, status int) error {
		return &client.Error{Op: op, StatusCode: status, Err: protocol.StatusError(op, status)}
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"disk or network file system": {source(&fs.PathError{Op: "read", Path: "a", Err: syscall.EIO}), mended},
		"no token":                    {&client.Error{Op: protocol.OpPatch, Err: retry.Permanent(transport.ErrNoCredentials)}, mended},
		"forbidden":                   {answer(protocol.OpPatch, 403), mended},
		"refused":                     {answer(protocol.OpPatch, 422), mended},
		"checksum":                    {answer(protocol.OpPatch, 460), mended},
		"source changed":              {source(client.ErrSourceChanged), ""},
		"window":                      {source(client.ErrSourceWindow), ""},
		"other length":                {client.ErrLengthMismatch, ""},
		"claims too much":             {client.ErrIntegrity, "while the server claims these bytes, only --recreate always sends the file again"},
		"other bytes":                 {client.ErrDifferent, ""},
	}
	records := records.New(slog.New(slog.DiscardHandler), t.TempDir(), nil, func() {})
	record := &client.Record{Key: strings.Repeat("a", 64), URL: "http://h/1", Length: protocol.Known(2)}
	if err := records.Save(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := &client.Result{URL: "http://h/1"}
			b := &Batch{
				Console: &console.Console{}, Upload: &flags.Upload{}, Cmd: &cobra.Command{Use: "upload"}, List: &Listing{entries: entriesOf(entry{})},
				Records: records,
			}
			f, ok := errors.AsType[*advice.Failure](b.ended(entry{name: "a"}, result, test.err))
			if !ok || f.Hint != test.want {
				t.Errorf("hint %q, want %q", f.Hint, test.want)
			}
		})
	}
}
