package batch

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/manifest"
	"github.com/tusker-go/tusker/cli/internal/textfile"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// NamesFrom returns the names in a list, without empty ones. The list may be of another
// system, see textfile.Names, or a manifest, whose files are returned once each. Errors are of
// usage, because nothing was sent, or the cause of ctx.
func NamesFrom(ctx context.Context, in io.Reader, list string, null bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		opened, err := openList(in, list)
		if err != nil {
			yield("", usage.Error(fmt.Errorf("--files-from: %w", err)))
			return
		}
		defer opened.close()
		names := textfile.Names(opened.until(ctx), null)
		read := func(line string) string { return line }
		for first := true; names.Scan(); first = false {
			name := names.Text()
			if first && name == manifest.Head {
				read = manifestNames()
			}
			switch name = read(name); name {
			case "":
				continue
			case usage.Stdin:
				// In a list, the name is that of a file: the list comes from a listing of files.
				name = "." + string(filepath.Separator) + usage.Stdin
			}
			if !yield(name, nil) {
				return
			}
		}
		switch err := names.Err(); {
		case err == nil:
		case ctx.Err() != nil:
			yield("", context.Cause(ctx))
		default:
			yield("", usage.Error(fmt.Errorf("--files-from: %w", err)))
		}
	}
}

// manifestNames returns a function that returns the file of each line of a manifest, and "" for
// a file that it has returned before, for standard input, and for a line that is not an entry:
// a crash may have cut it off.
func manifestNames() func(line string) string {
	seen := make(map[string]bool)
	return func(line string) string {
		e, err := manifest.Parse([]byte(line))
		if err != nil || e.File == manifest.Stdin || seen[e.File] {
			return ""
		}
		seen[e.File] = true
		return e.File
	}
}

// openList opens a list. Its first Read opens a pipe, which may wait for a writer.
func openList(in io.Reader, list string) (*interruptible, error) {
	if list == usage.Stdin {
		if flags.IsTerminal(in) {
			return nil, flags.ErrTerminal
		}
		return &interruptible{r: in}, nil
	}
	if flags.IsStream(list) {
		return &interruptible{r: flags.NewLazyFile(list)}, nil
	}
	f, err := os.Open(list)
	if err != nil {
		return nil, err
	}
	return &interruptible{r: f, closer: f}, nil
}
