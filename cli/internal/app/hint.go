package app

import (
	"crypto/tls"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// hintFor says what to do about an error, "" where there is nothing to say.
func hintFor(cmd *cobra.Command, err error) string {
	exchange, _ := errors.AsType[*client.Error](err)
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
	case errors.Is(err, client.ErrSourceWindow):
		return "keep more of the stream with --stream-window"
	case errors.Is(err, client.ErrSourceChanged):
		return "upload it again when nothing writes to it any more"
	case errors.Is(err, client.ErrBusy):
		return "wait until the other upload has ended; --no-resume sends the file a second time"
	case errors.Is(err, client.ErrUntrusted):
		return "name the authority to trust with --cacert FILE, or the certificate to show with --cert FILE"
	case errors.Is(err, protocol.ErrUnauthorized):
		return "give credentials with --token-file, --token-command or --user"
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
	case exit.Code(err) == exit.Gone:
		return "what is gone has to be uploaded again"
	case exit.Code(err) == exit.Usage:
		return "see " + cmd.CommandPath() + " --help"
	}
	return ""
}

// isElsewhere tells whether the answer is not that of a creation endpoint.
func isElsewhere(e *client.Error) bool {
	for _, target := range []error{protocol.ErrNotFound, protocol.ErrMethodNotAllowed, client.ErrRedirected} {
		if errors.Is(e, target) {
			return true
		}
	}
	return errors.Is(e, protocol.ErrMissingHeader) && e.Header.Get(protocol.HeaderResumable) == ""
}

// resumeHint is the command to go on with, as a shell takes it.
func resumeHint(url, file string, flags bool) string {
	if url == "" {
		return "nothing was uploaded yet: run the same command again"
	}
	hint := "go on with: "
	if flags {
		hint = "go on, with the same flags: "
	}
	return hint + "tusker resume " + quote(url, runtime.GOOS) + " " + quoteWhereNeeded(file, runtime.GOOS)
}

// uncertainHint is for an upload that may be complete, and must not be sent again
// unasked.
func uncertainHint(url string, flags bool) string {
	hint := "the server may have finished and moved it; check"
	if flags {
		hint += ", with the same flags"
	}
	return hint + ": tusker info " + quote(url, runtime.GOOS)
}

// suggestion is for a command that does not exist but nearly does.
func suggestion(root *cobra.Command, args []string) string {
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if cmd, _, err := root.Find([]string{arg}); err == nil && cmd != root {
			return ""
		}
		root.SuggestionsMinimumDistance = 2
		if names := root.SuggestionsFor(arg); len(names) > 0 {
			return "did you mean " + root.Name() + " " + names[0] + "?"
		}
		return ""
	}
	return ""
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
