package advice

import (
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// For returns what to do about an error, or "" if there is no advice.
func For(cmd *cobra.Command, err error) string {
	if f, ok := errors.AsType[*Failure](err); ok && f.Advised {
		return ""
	}
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
	if hint := remote.Hint(err); hint != "" {
		return hint
	}
	if IsMisplaced(err) {
		return WithTarget(cmd, exchange, misplacedHint(err))
	}
	for _, hint := range []string{
		Certificate(err, time.Now(), ServerTLS()), Credentials(err, credentialsGiven(cmd)),
		Method(exchange),
	} {
		if hint != "" {
			return WithTarget(cmd, exchange, hint)
		}
	}
	return WithTarget(cmd, exchange, plainHint(cmd, exchange, err))
}

// WithTarget adds to a hint that the server sent the upload to another origin, if the
// request that failed went there.
func WithTarget(cmd *cobra.Command, exchange *client.Error, hint string) string {
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
	// A chain of redirects that is not followed to its end has no status.
	answered := exchange != nil && (exchange.StatusCode != 0 || errors.Is(exchange, client.ErrRedirected))
	creating := answered &&
		(exchange.Op == protocol.OpCreate || exchange.Op == protocol.OpOptions)
	record, version := tls.RecordHeaderError{}, (*client.VersionError)(nil)
	if hint := Unreached(err); hint != "" {
		return hint
	}
	switch {
	case errors.Is(err, client.ErrInvalidURL):
		return "a URL is written like https://tus.example/files/"
	case errors.Is(err, client.ErrInvalidLocation):
		return "the server, or a cache in front of it, has to name a URL of its own for each upload: tell its operator"
	case errors.Is(err, client.ErrLengthMismatch):
		return "is this the file that the upload was begun with?"
	case errors.Is(err, syscall.EISDIR), isDirectory(err):
		return "name the files in it"
	case errors.Is(err, client.ErrSpool):
		return "the stream is copied to " + shell.QuoteIfNeeded(os.TempDir(), runtime.GOOS) + ", because the server has to know its size: make room there, " +
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
	case errors.As(err, &version):
		return "repeat the command with --protocol " + version.Server
	case errors.Is(err, client.ErrInterim), errors.Is(err, client.ErrRelocated), errors.Is(err, client.ErrEarly), errors.Is(err, client.ErrIncomplete):
		return "this is a fault of the server, or of a proxy in front of it: tell its operator"
	case errors.Is(err, client.ErrLimits):
		return "the server does not take this size: ask its operator for other limits"
	case errors.Is(err, client.ErrNotRUFH) && !creating:
		return "does the server speak this version of Resumable Uploads for HTTP? --protocol chooses another, such as rufh/6, or tus"
	case errors.Is(err, client.ErrOtherProtocol):
		return "repeat the command with --protocol tus, or with --protocol auto, which asks the server"
	case creating && isElsewhere(exchange):
		return "is this the URL that uploads are created at?"
	case exchange != nil && exchange.Op == protocol.OpHead && errors.Is(err, protocol.ErrMethodNotAllowed):
		return "is this the URL of an upload? An endpoint, at which uploads are created, has no offset"
	case exchange != nil && exchange.Op == protocol.OpHead && errors.Is(err, protocol.ErrMissingHeader):
		return "a proxy or a cache drops headers of the answer to HEAD, or turns HEAD into GET: let it pass both unchanged"
	case errors.Is(err, client.ErrPatchBlocked):
		return "if a firewall blocks PATCH, try --method-override; after this is corrected, the upload can be resumed"
	case errors.Is(err, protocol.ErrInsufficientStorage):
		return noSpace
	case errors.Is(err, protocol.ErrTooLarge) && exchange != nil && exchange.Op == protocol.OpPatch:
		return chunkHint
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

func isDirectory(err error) bool {
	return errors.Is(err, client.ErrSource) && strings.HasSuffix(err.Error(), " is a directory")
}
