package app

import (
	"crypto/tls"
	"errors"
	"iter"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/suggest"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// hintFor returns what to do about an error, or "" if there is no advice.
func hintFor(cmd *cobra.Command, err error) string {
	exchange, _ := errors.AsType[*client.Error](err)
	if wrong, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return flagHint(cmd, wrong)
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok && wrong.GetFlag().Value.Type() == "duration" {
		return "a duration needs a unit, such as 30s"
	}
	if errors.Is(err, client.ErrUntrusted) || errors.Is(err, protocol.ErrUnauthorized) {
		if hint := withheldHint(cmd, err); hint != "" {
			return hint
		}
	}
	if hint := lengthHint(cmd, exchange); hint != "" {
		return hint
	}
	for _, hint := range []string{
		advice.Certificate(err, time.Now()), advice.Credentials(err, credentialsGiven(cmd)),
		advice.Method(exchange),
	} {
		if hint != "" {
			return withTarget(cmd, exchange, hint)
		}
	}
	return withTarget(cmd, exchange, plainHint(cmd, exchange, err))
}

// withTarget adds to a hint that the server sent the upload to another origin, if the
// request that failed went there.
func withTarget(cmd *cobra.Command, exchange *client.Error, hint string) string {
	origin := otherOrigin(cmd, exchange)
	switch {
	case origin == "", strings.HasPrefix(hint, "the server sent the upload to "):
		return hint
	case hint == "":
		return "the server sent the upload to " + origin
	}
	return "the server sent the upload to " + origin + "; " + hint
}

// plainHint returns the advice for errors whose meaning needs no further facts.
func plainHint(cmd *cobra.Command, exchange *client.Error, err error) string {
	creating := exchange != nil && exchange.StatusCode != 0 &&
		(exchange.Op == protocol.OpCreate || exchange.Op == protocol.OpOptions)
	record := tls.RecordHeaderError{}
	switch {
	case errors.Is(err, client.ErrInvalidURL):
		return "a URL is written like https://tus.example/files/"
	case errors.Is(err, client.ErrLengthMismatch):
		return "is this the file that the upload was begun with?"
	case errors.Is(err, syscall.EISDIR), isDirectory(err):
		return "name the files in it"
	case errors.Is(err, client.ErrSpool):
		return "the stream is copied to " + quoteWhereNeeded(os.TempDir(), runtime.GOOS) + ", because the server has to know its size: make room there, " +
			"set TMPDIR to another folder, or give the size with --size"
	case errors.Is(err, client.ErrSourceWindow):
		return "keep more of the stream with --stream-window"
	case errors.Is(err, client.ErrSourceChanged):
		return "upload it again when nothing writes to it any more, or send the bytes that a growing file has now with tusker upload --snapshot"
	case errors.Is(err, client.ErrSourceInUse):
		return "upload it again when nothing writes to it any more, or without --refuse-in-use"
	case errors.Is(err, client.ErrBusy):
		return "wait until the other upload has ended; --no-resume sends the file a second time"
	case errors.Is(err, protocol.ErrProxyAuth):
		return "give the proxy's credentials with it: --proxy http://USER:PASSWORD@HOST:PORT"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return "one side speaks http and the other https: check the URL"
	case errors.Is(err, client.ErrInsecureLocation):
		return "a server behind a proxy has to be told to trust the proxy's forwarded headers"
	case errors.Is(err, syscall.EADDRINUSE):
		return "choose another address with --addr, such as 127.0.0.1:0 for any free port"
	case creating && isElsewhere(exchange):
		return "is this the URL that uploads are created at?"
	case errors.Is(err, protocol.ErrTooLarge) && exchange != nil && exchange.Op == protocol.OpPatch:
		return "a smaller --chunk-size may pass"
	case isMisplaced(err):
		return misplacedHint
	case exit.Code(err) == exit.Gone && (exchange == nil || exchange.Op != protocol.OpTerminate):
		return "what is gone has to be uploaded again"
	case exit.Code(err) == exit.Usage:
		return "see " + cmd.CommandPath() + " --help"
	}
	return ""
}

// isElsewhere reports whether the answer is not that of a creation endpoint.
func isElsewhere(e *client.Error) bool {
	for _, target := range []error{protocol.ErrNotFound, protocol.ErrMethodNotAllowed, client.ErrRedirected, client.ErrNotTus} {
		if errors.Is(e, target) {
			return true
		}
	}
	return false
}

// again describes the parts that a command in a hint shares with this command.
type again struct {
	flags bool   // this command has flags without which another command may not reach the server
	as    string // the name of an endpoint; "" for none
}

// command returns the beginning of the command in the hint.
func (g again) command(name string) string {
	if g.as == "" {
		return "tusker " + name + " "
	}
	return "tusker " + name + " --as " + g.as + " "
}

// misplacedHint is the hint for an upload whose URL is unknown to the server.
const misplacedHint = "correct the Location that the server sends, or the proxy in front of it, and run the same command again"

// isMisplaced reports whether misplacedHint is the best advice for an error. A refused
// certificate has advice of its own, even if its server is on an unusual origin.
func isMisplaced(err error) bool {
	return errors.Is(err, client.ErrMisplaced) && !errors.Is(err, client.ErrUntrusted)
}

const nothingYetHint = "nothing was uploaded yet: run the same command again"

// orphanHint is the hint for a creation with all bytes that was not answered.
const orphanHint = "the server may have it although no answer came: look there before you run the same command again"

// newUploadHint is the hint for parts without a record.
const newUploadHint = "run the same command again; a new upload begins"

// resumeHint returns the command that resumes, quoted for a shell. It does not show
// a URL with a secret, which is only on standard output.
func resumeHint(url, file string, same again) string {
	if url == "" {
		return nothingYetHint
	}
	if hasSecret(url) {
		return "run the same command again; a new upload begins, because the URL of this one holds a secret and is not shown: --json prints it, for tusker resume"
	}
	hint := "resume with: "
	if same.flags {
		hint = "go on, with the same flags: "
	}
	return hint + same.command("resume") + quote(url, runtime.GOOS) + " " + quotePath(file)
}

// uncertainHint is the hint for an upload that may be complete, and must not be
// sent again without a decision of the user. The text about a new upload comes
// before the command, so that the command is easy to copy.
func uncertainHint(result *client.Result, anew string, same again) string {
	if inParts(result) {
		return "the server may have joined the parts and deleted them; if not, " + anew
	}
	hint := "the server may have finished and moved it; if it is really not there, " + anew
	if hasSecret(result.URL) {
		return hint
	}
	hint += "; check"
	if same.flags {
		hint += ", with the same flags"
	}
	return hint + ": " + same.command("info") + quote(result.URL, runtime.GOOS)
}

// suggestion returns a hint for a misspelled command.
func suggestion(root *cobra.Command, args []string) string {
	cmd := root
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if !cmd.HasSubCommands() {
			return ""
		}
		if found, _, err := cmd.Find([]string{arg}); err == nil && found != cmd {
			cmd = found
			continue
		}
		if meant := suggest.Nearest(arg, commandNames(cmd)); meant != "" {
			return "did you mean " + cmd.CommandPath() + " " + meant + "?"
		}
		return ""
	}
	return ""
}

func commandNames(cmd *cobra.Command) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, c := range subcommands(cmd) {
			if !yield(c.Name()) {
				return
			}
		}
	}
}

// flagHint returns a hint for a misspelled flag.
func flagHint(cmd *cobra.Command, wrong *pflag.NotExistError) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if hint := fileHint(cmd, wrong); hint != "" {
		return hint
	}
	if hint := foreignHint(cmd, wrong.GetSpecifiedName()); hint != "" {
		return hint
	}
	meant := ""
	if wrong.GetSpecifiedShortnames() == "" {
		meant = suggest.Nearest(wrong.GetSpecifiedName(), slices.Values(names))
	}
	if meant == "" {
		return "see " + cmd.CommandPath() + " --help"
	}
	return "did you mean --" + meant + "?"
}

func quoteWhereNeeded(s, goos string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-./:@%+=,", r)
	})
	if plain {
		return s
	}
	return quote(s, goos)
}

// quote makes one word of s for the shells of that system.
func quote(s, goos string) string {
	if goos == "windows" {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
