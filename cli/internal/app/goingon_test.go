package app

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// The hint to resume is shown only for errors whose cause the user can fix.
func TestMendedHint(t *testing.T) {
	t.Parallel()
	const mended = "once that is mended, run the same command again: it resumes the upload"
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
		"claims too much":             {client.ErrIntegrity, "as long as the server claims these bytes, only --recreate always sends the file again"},
		"other bytes":                 {client.ErrDifferent, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := &client.Result{URL: "http://h/1"}
			a := &app{}
			b := &batch{
				app: a, upload: &upload{}, cmd: parsed(t, a, "upload"), list: &listing{entries: make([]entry, 1)},
				records: &journal{lasting: true, urls: map[string][]string{"key": {result.URL}}},
			}
			f, ok := errors.AsType[*failure](b.ended("a", result, test.err))
			if !ok || f.hint != test.want {
				t.Errorf("hint %q, want %q", f.hint, test.want)
			}
		})
	}
}
