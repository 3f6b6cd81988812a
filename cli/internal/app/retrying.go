package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/client"
)

// terse reports whether retries are for people, who get a short line of each. All
// that is known of them is in the log, which is for those who ask for it.
func (a *app) terse() bool { return !a.verbose && a.logFormat == logs.Console }

// shortestWait is the shortest wait that is worth a word.
const shortestWait = 100 * time.Millisecond

// seconds returns a wait as people write it, such as "0.7 s", "4 s" and "1 min 30 s".
func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return strconv.FormatFloat(d.Round(shortestWait).Seconds(), 'f', -1, 64) + " s"
	}
	d = d.Round(time.Second)
	minutes, rest := int(d/time.Minute), int(d%time.Minute/time.Second)
	switch {
	case minutes == 0:
		return strconv.Itoa(rest) + " s"
	case rest == 0:
		return strconv.Itoa(minutes) + " min"
	}
	return strconv.Itoa(minutes) + " min " + strconv.Itoa(rest) + " s"
}

// retrying says that an exchange about subject failed and is tried again. The
// attempt that failed counts from 1, since the last progress.
func (a *app) retrying(subject string, attempt int, wait time.Duration, err error) {
	if !a.terse() {
		return
	}
	text := "trying again: "
	if wait >= shortestWait {
		text = "waiting " + seconds(wait) + ": "
	}
	text += progress.Reason(err)
	if attempt > 1 {
		text += fmt.Sprintf(" (failed %d times)", attempt)
	}
	if subject != "" {
		text = output.Escape(subject) + ": " + text
	}
	a.say("%s", text)
}

// waiting says that the next request about subject is sent after wait, because the
// server asked another upload for fewer requests.
func (a *app) waiting(subject string, wait time.Duration, err error) {
	if !a.terse() || wait < shortestWait {
		return
	}
	text := "waiting " + seconds(wait) + ": another upload got " + progress.Reason(err)
	if subject != "" {
		text = output.Escape(subject) + ": " + text
	}
	a.say("%s", text)
}

// restarting says why an upload starts over.
func (a *app) restarting(subject string, reason error) {
	if !a.terse() {
		return
	}
	a.say("%s: starts over: %s", output.Escape(subject), restartReason(reason))
}

// restartReason is a restart's reason for people.
func restartReason(reason error) string {
	if e, ok := errors.AsType[*client.Error](reason); ok && e.Class == client.ClassGone {
		return fmt.Sprintf("the server no longer has the earlier upload (%d)", e.StatusCode)
	}
	return output.OneLine(output.ErrorText(reason))
}

// seen tells of an event of an upload or a download, if it is a restart, a retry or a wait.
func (a *app) seen(subject string, e client.Event) {
	switch e.Kind {
	case client.EventRestarted:
		a.restarting(subject, e.Err)
	case client.EventRetry:
		a.retrying(subject, e.Attempt, e.Wait, e.Err)
	case client.EventWaiting:
		a.waiting(subject, e.Wait, e.Err)
	}
}

// tellsRetries is the log of a client whose events are seen.
func (a *app) tellsRetries() *slog.Logger {
	if !a.terse() {
		return a.log
	}
	return slog.New(withoutRetries{a.log.Handler(), a.lacking})
}

// lacking says that files wait until others have finished. The client reports this once.
func (a *app) lacking(err error) {
	a.say("%s: files wait until others have finished; a smaller --concurrency avoids this, or a higher limit (ulimit -n)", progress.Reason(err))
}

// withoutRetries drops the client's records of what a run says in a short line.
type withoutRetries struct {
	slog.Handler
	lacking func(error) // called for a record that uploads wait because of a lack of open files or ports
}

// Messages of the client's records.
const (
	restartMessage = "upload starts over"
	retryMessage   = "retrying"
	denialMessage  = "the server has all bytes, but answered the last request with an error"
	scarceMessage  = "uploads wait until another one ends"
)

// Handle implements slog.Handler.
func (h withoutRetries) Handle(ctx context.Context, r slog.Record) error {
	switch r.Message {
	case restartMessage, retryMessage, denialMessage:
		return nil
	case scarceMessage:
		r.Attrs(func(attr slog.Attr) bool {
			if err, ok := attr.Value.Any().(error); ok {
				h.lacking(err)
			}
			return true
		})
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h withoutRetries) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutRetries{h.Handler.WithAttrs(attrs), h.lacking}
}

// WithGroup implements slog.Handler.
func (h withoutRetries) WithGroup(name string) slog.Handler {
	return withoutRetries{h.Handler.WithGroup(name), h.lacking}
}
