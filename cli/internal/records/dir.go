package records

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tusker-go/tusker/cli/internal/textfile"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
)

// DefaultDirText is the text for people about the default of stateDir.
func DefaultDirText(goos string) string {
	switch goos {
	case "windows":
		return `%LocalAppData%\tusker\state`
	case "darwin":
		return "~/Library/Application Support/tusker/state"
	}
	return "$XDG_STATE_HOME/tusker, or else ~/.local/state/tusker"
}

var errNoDir = errors.New("no home folder to keep records in; name one with --state-dir")

// stateDir returns the folder of the system for the state of programs. On each
// system, $XDG_STATE_HOME has precedence if it is an absolute path, as the XDG Base
// Directory Specification requires.
func defaultDir(goos string, lookup func(string) (string, bool)) (string, error) {
	if base, ok := lookup("XDG_STATE_HOME"); ok && filepath.IsAbs(base) {
		return filepath.Join(base, "tusker"), nil
	}
	variable, below := "HOME", filepath.Join(".local", "state", "tusker")
	switch goos {
	case "windows":
		variable, below = "LocalAppData", filepath.Join("tusker", "state")
	case "darwin":
		below = filepath.Join("Library", "Application Support", "tusker", "state")
	}
	base, ok := lookup(variable)
	if !ok || !filepath.IsAbs(base) {
		return "", errNoDir
	}
	return filepath.Join(base, below), nil
}

// Dir returns the folder that the flag names, or the default of the system.
func Dir(given string, lookup func(string) (string, bool)) (string, error) {
	if given != "" {
		return given, nil
	}
	return defaultDir(runtime.GOOS, lookup)
}

// Open returns the store of a folder, or nil if the folder does not exist: only
// an upload creates it.
func Open(given string, lookup func(string) (string, bool)) (*filestore.Store, error) {
	dir, err := Dir(given, lookup)
	if err != nil {
		return nil, usage.Error(err)
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || textfile.IsAbsent(err) && given == "" {
		return nil, nil
	}
	return filestore.New(dir)
}

// Each calls fn for the records in store. A nil store has no records. It
// reports unreadable records and skips them. The error is the first error that is
// not about a single record.
func Each(ctx context.Context, log *slog.Logger, store *filestore.Store, fn func(*client.Record)) error {
	if store == nil {
		return nil
	}
	return EachOf(ctx, log, store.List(ctx), fn)
}

// EachOf is Each for the records of a list.
func EachOf(ctx context.Context, log *slog.Logger, list iter.Seq2[*client.Record, error], fn func(*client.Record)) error {
	var first error
	for r, err := range list {
		switch {
		case err == nil:
			fn(r)
		case first == nil && !errors.Is(err, client.ErrRecordDamaged) && !errors.Is(err, client.ErrRecordVersion):
			first = err
		default:
			log.WarnContext(ctx, "record left out", "err", err)
		}
	}
	return first
}

// Exist reports whether a folder of records exists at the given path or at the default path.
func Exist(given string, lookup func(string) (string, bool)) bool {
	dir, err := Dir(given, lookup)
	if err == nil {
		_, err = os.Stat(dir)
	}
	return err == nil
}
