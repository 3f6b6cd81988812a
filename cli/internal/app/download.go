package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/download"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// downloading holds the flags of download.
type downloading struct {
	flags.Connection
	flags.Progress
	output string
	force  bool
}

func downloadCommand(a *app) *cobra.Command {
	d := &downloading{}
	cmd := &cobra.Command{
		Use:   "download [flags] LOCATION",
		Short: "Download a finished upload",
		Long: `Downloads the upload at LOCATION, if the server allows that. The bytes are
written to a file whose name ends in ` + download.Suffix + `. It gets its final name
when it is complete.

After an interruption, run the same command again. It resumes if the server
proves by a strong ETag or date that it still has the same content. Without
these, the content is read again from its start, and the bytes are compared.

Without -o, the name comes from the metadata of the upload, and is made safe. A
file that exists is not replaced.`,
		Example: `  tusker download "$URL"
  tusker download -o video.mp4 "$URL"
  tusker download -o - "$URL" | tar x`,
		Args: checkDownload,
		RunE: func(cmd *cobra.Command, args []string) error { return runDownload(a, cmd, d, args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&d.output, "output", "o", "", "write to this `file`, or into this folder; - is standard output")
	settings.OnlyFromCommandLine(f.Lookup("output"))
	f.BoolVar(&d.force, "force", false, "replace a file that exists")
	d.Progress.Register(cmd)
	d.Connection.Register(cmd)
	return cmd
}

// checkDownload checks the arguments of download. curl, aws and others take the file as an
// argument, so there is a hint for LOCATION and one FILE in any order.
func checkDownload(cmd *cobra.Command, args []string) error {
	err := usage.Arguments(1, 1, "one LOCATION")(cmd, args)
	if err == nil || len(args) != 2 {
		return err
	}
	location, file := args[0], args[1]
	if isURL(file) {
		location, file = file, location
	}
	hint := "a command downloads one upload: run it once for each LOCATION"
	if !isURL(file) {
		hint = "-o names the file: " + cmd.CommandPath() + " -o " + shell.QuotePath(file) + " " + advice.SameURL(location)
	}
	return &advice.Failure{Err: usage.Error(err), Hint: hint}
}

// isURL reports whether an argument is a URL rather than the name of a file.
func isURL(arg string) bool { return strings.Contains(arg, "://") }

// destination is where the bytes of one download go.
type destination struct {
	stdout io.Writer // nil: a file
	dir    string
	name   string // "": the server says
	force  bool

	part *download.Part // nil: not opened yet
}

var errNotRegular = errors.New("not a regular file: write to standard output with -o - and redirect that")

// newDestination looks at where to write before anything is asked for.
func newDestination(a *app, d *downloading) (*destination, error) {
	to := &destination{dir: ".", force: d.force}
	if d.output == "-" {
		to.stdout = a.console.Out
		return to, nil
	}
	if d.output == "" {
		return to, nil
	}
	if info, err := os.Stat(d.output); err == nil && info.IsDir() {
		to.dir = d.output
		return to, nil
	}
	if os.IsPathSeparator(d.output[len(d.output)-1]) {
		return nil, usage.Error(fmt.Errorf("-o %s: no such folder", output.Escape(d.output)))
	}
	to.dir, to.name = filepath.Split(d.output)
	return to, to.free()
}

func (t *destination) target() string { return filepath.Join(t.dir, t.name) }

// free makes sure that there is nothing in the way.
func (t *destination) free() error {
	info, err := os.Lstat(t.target())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeSymlink:
		return &advice.Failure{Subject: output.Escape(t.target()), Err: errNotRegular}
	case !t.force:
		return existsError(t.target(), download.ErrExists)
	}
	return nil
}

func existsError(target string, err error) error {
	return &advice.Failure{
		Subject: output.Escape(target), Err: err,
		Hint: "--force replaces it; -o FILE gives another name",
	}
}

// open finds out where the content goes, and how much of it is there.
func (t *destination) open(url string, content client.Content) (io.Writer, int64, error) {
	if t.stdout != nil {
		return t.stdout, 0, nil
	}
	named := t.name != ""
	if !named {
		// A page in the place of the upload would get another name than the part.
		if download.IsFromOther(t.dir, url, content) {
			return nil, 0, fmt.Errorf("%w: the part in %s %w", client.ErrOtherServer, output.Escape(t.dir), download.ErrSender)
		}
		t.name = download.Name(url, content)
		if err := t.free(); err != nil {
			return nil, 0, err
		}
	}
	part, err := download.Open(t.target(), url, content)
	if errors.Is(err, download.ErrNoVersion) || errors.Is(err, download.ErrSender) {
		if !named {
			t.name = "" // another server may have given it
		}
		return nil, 0, fmt.Errorf("%w: %w", client.ErrOtherServer, err)
	}
	if err != nil {
		return nil, 0, err
	}
	t.part = part
	return part, part.Offset(), nil
}

func runDownload(a *app, cmd *cobra.Command, d *downloading, location string) error {
	ctx, cancel := d.Limit(cmd.Context())
	defer cancel()
	if err := d.Check(); err != nil {
		return usage.Error(err)
	}
	to, err := newDestination(a, d)
	if err != nil {
		return err
	}
	config, err := d.Config(ctx, a.console)
	if err != nil {
		return err
	}
	config.Logger = a.console.ClientLog()
	c, err := flags.NewClient(config, location)
	if err != nil {
		return err
	}
	display := d.Display(a.console, false, 1)
	defer display.Close()
	result, err := c.Download(ctx, c.Endpoint(), func(content client.Content) (io.Writer, int64, error) {
		w, offset, err := to.open(c.Endpoint(), content)
		if err != nil {
			return nil, 0, err
		}
		if offset > 0 {
			a.console.Say("resuming %s at %s", output.Escape(to.target()), units.FormatAmount(offset, content.Length))
		}
		return w, offset, nil
	}, &client.DownloadOptions{OnEvent: func(e client.Event) {
		display.Update(0, to.shown(), e)
		a.console.Observe(to.shown(), e)
	}})
	if err != nil {
		return downloadError(a, to, c.Endpoint(), result, err)
	}
	if isUnconfirmedPage(result.Content) {
		a.console.Log.WarnContext(ctx, "the answer is a page of HTML, and not that of a tus server", "file", output.Escape(to.shown()))
	}
	if to.stdout != nil {
		return nil
	}
	if err := to.part.Complete(to.force); err != nil {
		if errors.Is(err, download.ErrExists) {
			return existsError(to.target(), download.ErrExists)
		}
		return err
	}
	display.Ended(0, false)
	display.Close()
	a.console.Say("saved %s, %s", output.Escape(to.target()), units.FormatSize(result.Offset))
	return nil
}

// isUnconfirmedPage reports whether a complete download may be the page of another
// server: no tus server has said how long the content is, and it is HTML.
func isUnconfirmedPage(content client.Content) bool {
	media, _, err := mime.ParseMediaType(content.Header.Get("Content-Type"))
	return err == nil && media == "text/html" && content.Upload == nil
}

func (t *destination) shown() string {
	if t.stdout != nil {
		return "-"
	}
	return t.target()
}

// keep ends the part of a download that failed with err after offset bytes. It keeps the
// bytes unless they are those of other content, and returns how many are kept. The error
// is err, with that of the file if the part could not be ended.
func (t *destination) keep(offset int64, err error) (int64, error) {
	if t.part == nil {
		return 0, err
	}
	if errors.Is(err, client.ErrContent) || errors.Is(err, client.ErrContentChanged) {
		if cerr := t.part.Drop(); cerr != nil {
			err = fmt.Errorf("%w; %w", err, cerr)
		}
		return 0, err
	}
	if cerr := t.part.Keep(); cerr != nil {
		return 0, fmt.Errorf("%w; %w", err, cerr)
	}
	if offset == 0 {
		return 0, err
	}
	return t.part.Offset(), err
}

// downloadError makes an error fit to be shown, with a hint what to do, and keeps the
// bytes that can be resumed.
func downloadError(a *app, to *destination, url string, result *client.DownloadResult, err error) error {
	kept, err := to.keep(result.Offset, err)
	if _, ok := errors.AsType[*advice.Failure](err); ok {
		return err
	}
	out := &advice.Failure{Err: err}
	if to.name != "" {
		out.Subject = output.Escape(to.target())
	}
	code := exit.Code(err)
	switch {
	case errors.Is(err, exit.ErrInterrupted), errors.Is(err, exit.ErrTimeout):
		out.Err, out.Hint = exit.With(code, stoppedDownload(err, kept, result.Content.Length)), downloadHint(a, to, url, kept)
	case errors.Is(err, download.ErrNoVersion), errors.Is(err, download.ErrSender):
		out.Hint = "run the same command again, or remove the " + download.Suffix + " file to start over"
	case errors.Is(err, syscall.ENOSPC):
		out.Hint = "make room; then " + downloadHint(a, to, url, kept)
	case errors.Is(err, retry.ErrExhausted), code == exit.GaveUp:
		out.Hint = downloadHint(a, to, url, kept)
	case errors.Is(err, client.ErrContentChanged):
		out.Err, out.Hint = exit.With(exit.Integrity, err), "the downloaded bytes cannot be used; run the same command again"
	case errors.Is(err, client.ErrContent):
		out.Err = exit.With(exit.Integrity, err)
	case errors.Is(err, client.ErrUnfinished):
		out.Hint = "show how much the server has: " + a.settings.Invocation.Command("info") + advice.SameURL(url)
	case errors.Is(err, client.ErrNotServed), errors.Is(err, protocol.ErrMethodNotAllowed), errors.Is(err, protocol.ErrNotImplemented):
		out.Hint = "tus does not require that servers offer downloads; this one may offer them at another URL"
	case errors.Is(err, download.ErrForeign):
		out.Hint = "move it away, or choose another name with -o FILE"
	}
	return out
}

// stoppedDownload says what ended a download, a signal or --timeout, and how many bytes of
// it are kept.
func stoppedDownload(err error, kept int64, length protocol.Length) error {
	text := exit.ErrTimeout.Error()
	if errors.Is(err, exit.ErrInterrupted) {
		text = exit.ErrInterrupted.Error()
	}
	if kept > 0 {
		text += ", " + units.FormatAmount(kept, length) + " are here"
	}
	return errors.New(text)
}

// downloadHint is the command that resumes the download.
func downloadHint(a *app, to *destination, url string, kept int64) string {
	if kept == 0 {
		return "run the same command again"
	}
	hint := "resume with: "
	if a.settings.Invocation.NeedsFlags {
		hint = "resume, with the same flags: "
	}
	hint += a.settings.Invocation.Command("download")
	if to.force {
		hint += "--force "
	}
	return hint + "-o " + shell.QuotePath(to.target()) + " " + advice.SameURL(url)
}
