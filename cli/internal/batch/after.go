package batch

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/disposal"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/client"
)

// after does what the user wants to happen to a file that was sent. Slots limits the number of
// commands that run at the same time.
func (b *Batch) after(ctx context.Context, e entry, sent *sentFile, result *client.Result, slots chan struct{}) error {
	if b.Exec != "" && needsCommand(result.Skipped, b.Sent.CommandState(result.URL), b.SkipSent != flags.SkipNone && !b.Disposes()) {
		if err := b.exec(ctx, e, result, slots); err != nil {
			return &advice.Failure{Subject: b.shownName(e), Err: exit.With(stopCode(err), fmt.Errorf("sent, but --exec failed: %w", err))}
		}
		b.Sent.CommandEnded(ctx, result.URL)
	}
	if !b.Disposes() {
		return nil
	}
	err := b.dispose(ctx, e, sent, result)
	if err == nil {
		return nil
	}
	what := "deleted"
	if b.MoveRoot != nil {
		what = "moved"
	}
	return &advice.Failure{Subject: b.shownName(e), Err: exit.With(exit.Failed, fmt.Errorf("sent, but not %s: %w", what, err))}
}

// needsCommand reports whether the command runs for a file. State is that of a file which an
// earlier run sent and this run skipped. Lasting means that such a file is skipped for ever: its
// command does not run if that run had none.
func needsCommand(skipped bool, state records.CommandState, lasting bool) bool {
	switch {
	case !skipped, state == records.CommandPending:
		return true
	case state == records.CommandDone:
		return false
	}
	return !lasting
}

// exec runs the command of the user for a file that was sent.
func (b *Batch) exec(ctx context.Context, e entry, result *client.Result, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-slots }()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	cmd := shell.Command(ctx, b.Exec)
	cmd.Stdout, cmd.Stderr = b.Console.Err, b.Console.Err
	cmd.Env = append(os.Environ(), execVariables(e.path(), result)...)
	// Processes that the command left running may keep its output open.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// stopCode returns the exit code of a command that failed, or was killed with the run.
func stopCode(err error) int {
	if exit.StopCause(err) != nil {
		return exit.Code(err)
	}
	return exit.Failed
}

// execVariables returns the variables that tell a command about the upload of a file. A header
// that the server sent several times is one variable with several lines. The last answer has
// precedence over that to the creation.
func execVariables(file string, r *client.Result) []string {
	variables := []string{
		settings.EnvExec + "=1", "TUSKER_FILE=" + file, "TUSKER_URL=" + r.URL, settings.EnvSize + "=" + strconv.FormatInt(r.Offset, 10),
	}
	// The last one of equal variables counts.
	for _, header := range []http.Header{r.CreationHeader, r.Header} {
		for _, name := range slices.Sorted(maps.Keys(header)) {
			value := strings.ReplaceAll(strings.Join(header[name], "\n"), "\x00", "")
			variables = append(variables, "TUSKER_HEADER_"+variableName(name)+"="+value)
		}
	}
	return variables
}

// variableName returns the name of a header in the form of a variable of the environment.
func variableName(header string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(header))
}

// dispose deletes or moves a file that was sent, if it is still the same.
func (b *Batch) dispose(ctx context.Context, e entry, sent *sentFile, result *client.Result) error {
	if err := refusal(result, b.Verify); err != nil {
		return err
	}
	switch {
	case sent.info == nil:
		return errNotFile
	case sent.unlisted != nil:
		return errUnlisted
	}
	place, err := placeOf(e)
	if err != nil {
		return err
	}
	defer func() { _ = place.Root.Close() }()
	unchanged := func() error { return sent.unchanged(ctx, b, e) }
	if b.DeleteAfter {
		return place.Remove(sent.info, unchanged)
	}
	to := disposal.Place{Root: b.MoveRoot, Name: filepath.Base(e.path())}
	if e.in != nil {
		to.Name = filepath.FromSlash(e.below)
	}
	return place.Move(ctx, sent.info, to, unchanged)
}

// placeOf returns where a file is. The caller closes its root.
func placeOf(e entry) (disposal.Place, error) {
	if e.in == nil {
		return disposal.Open(e.path())
	}
	root, err := e.in.open()
	return disposal.Place{Root: root, Name: filepath.FromSlash(e.below)}, err
}
