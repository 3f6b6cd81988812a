package batch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/disposal"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// A file leaves its place only if it has the state in which its upload opened it.
func TestSentFileUnchanged(t *testing.T) {
	t.Parallel()
	hourAgo := time.Now().Add(-time.Hour)
	const large = 300 << 10 // above the size up to which all bytes are compared
	tests := map[string]struct {
		size   int
		change func(path string) error
		want   error
	}{
		"unchanged": {10, func(string) error { return nil }, nil},
		"large":     {large, func(string) error { return nil }, nil},
		"other bytes, same time": {10, func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("0123456789"), 0o600), os.Chtimes(path, hourAgo, hourAgo))
		}, disposal.ErrChanged},
		"other bytes in the middle, same time": {large, func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("x"), large/2)
			return errors.Join(err, f.Close(), os.Chtimes(path, hourAgo, hourAgo))
		}, disposal.ErrChanged},
		"replaced by a copy": {large, func(path string) error {
			return errors.Join(os.WriteFile(path+".new", make([]byte, large), 0o600), os.Chtimes(path+".new", hourAgo, hourAgo), os.Rename(path+".new", path))
		}, disposal.ErrChanged},
		"small, replaced by a copy": {10, func(path string) error {
			return errors.Join(os.WriteFile(path+".new", make([]byte, 10), 0o600), os.Chtimes(path+".new", hourAgo, hourAgo), os.Rename(path+".new", path))
		}, disposal.ErrChanged},
		"appended to": {10, func(path string) error { return os.WriteFile(path, make([]byte, 11), 0o600) }, disposal.ErrChanged},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "file")
			if err := errors.Join(os.WriteFile(path, make([]byte, test.size), 0o600), os.Chtimes(path, hourAgo, hourAgo)); err != nil {
				t.Fatal(err)
			}
			b := &Batch{Cmd: &cobra.Command{}, List: &Listing{}, Upload: &flags.Upload{Disposal: flags.Disposal{DeleteAfter: true}}}
			sent := &sentFile{}
			src, err := b.source(t.Context(), entry{name: path}, sent)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := src.Open(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := opened.Close(); err != nil {
				t.Fatal(err)
			}
			if err := test.change(path); err != nil {
				t.Fatal(err)
			}
			if err := sent.unchanged(t.Context(), b, entry{name: path}); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	complete := client.Result{Offset: 10, Length: protocol.Known(10)}
	with := func(change func(r *client.Result)) client.Result {
		r := complete
		change(&r)
		return r
	}
	tests := map[string]struct {
		result client.Result
		verify bool
		want   error
	}{
		"complete":            {complete, false, nil},
		"not complete":        {with(func(r *client.Result) { r.Offset = 9 }), false, errIncomplete},
		"no length":           {client.Result{}, false, errIncomplete},
		"not verified":        {complete, true, errUnverified},
		"verified":            {with(func(r *client.Result) { r.Verified = true }), true, nil},
		"denied":              {with(func(r *client.Result) { r.Denial.StatusCode = 500 }), false, errDenied},
		"denied and verified": {with(func(r *client.Result) { r.Denial.StatusCode, r.Verified = 500, true }), true, nil},
		"in use":              {with(func(r *client.Result) { r.InUse = true }), false, errInUse},
	}
	for name, test := range tests {
		if err := refusal(&test.result, test.verify); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
}
