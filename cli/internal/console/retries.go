package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
)

// IsTerse reports whether retries are for people, who get a short line of each. All
// that is known of them is in the log, which is for those who ask for it.
func (c *Console) IsTerse() bool { return c.verbose == 0 && c.logFormat == logs.Console }

// Retrying says that an exchange about subject failed and is tried again. The
// attempt that failed counts from 1, since the last progress.
func (c *Console) Retrying(subject string, attempt int, wait time.Duration, err error) {
	if !c.IsTerse() {
		return
	}
	text := "trying again: "
	if wait >= units.ShortestWait {
		text = "waiting " + units.FormatWait(wait) + ": "
	}
	text += progress.Reason(err)
	if attempt > 1 {
		text += fmt.Sprintf(" (failed %d times)", attempt)
	}
	if subject != "" {
		text = output.Escape(subject) + ": " + text
	}
	c.Say("%s", text)
}

// shrinking says that an exchange about subject was too large, and how large the next one is.
func (c *Console) shrinking(subject string, limit int64, err error) {
	if !c.IsTerse() {
		return
	}
	text := "trying again with requests of at most " + units.FormatSize(limit) + ": " + progress.Reason(err)
	if subject != "" {
		text = output.Escape(subject) + ": " + text
	}
	c.Say("%s", text)
}

// waiting says that the next request about subject is sent after wait, because the
// server asked another upload for fewer requests.
func (c *Console) waiting(subject string, wait time.Duration, err error) {
	if !c.IsTerse() || wait < units.ShortestWait {
		return
	}
	text := "waiting " + units.FormatWait(wait) + ": another upload got " + progress.Reason(err)
	if subject != "" {
		text = output.Escape(subject) + ": " + text
	}
	c.Say("%s", text)
}

// restarting says why an upload starts over.
func (c *Console) restarting(subject string, reason error) {
	if !c.IsTerse() {
		return
	}
	c.Say("%s: starts over: %s", output.Escape(subject), restartReason(reason))
}

// restartReason is a restart's reason for people.
func restartReason(reason error) string {
	if e, ok := errors.AsType[*client.Error](reason); ok && e.Class == client.ClassGone {
		return fmt.Sprintf("the server no longer has the earlier upload (%d)", e.StatusCode)
	}
	return output.OneLine(output.ErrorText(reason))
}

// Observe tells of an event of an upload or a download, if it is a restart, a retry or a wait.
func (c *Console) Observe(subject string, e client.Event) {
	switch e.Kind {
	case client.EventRestarted:
		c.restarting(subject, e.Err)
	case client.EventRetry:
		if e.BodyLimit > 0 {
			c.shrinking(subject, e.BodyLimit, e.Err)
			return
		}
		c.Retrying(subject, e.Attempt, e.Wait, e.Err)
	case client.EventWaiting:
		c.waiting(subject, e.Wait, e.Err)
	}
}

// ClientLog is the log of a client whose events are seen.
func (c *Console) ClientLog() *slog.Logger {
	if !c.IsTerse() {
		return c.Log
	}
	var once sync.Once
	return slog.New(retryFilter{c.Log.Handler(), func(err error) {
		once.Do(func() { c.reportScarcity(err) })
	}})
}

// reportScarcity says that files wait until others have finished.
func (c *Console) reportScarcity(err error) {
	c.Say("%s: files wait until others have finished; a smaller --concurrency avoids this, or a higher limit (ulimit -n)", progress.Reason(err))
}

// retryFilter drops the client's records of what a run says in a short line.
type retryFilter struct {
	slog.Handler
	onScarcity func(error) // called for each record about a lack of open files or ports
}

// The messages of records of the client that have their own lines here.
const (
	restartMessage = "upload starts over"
	retryMessage   = "retrying"
	denialMessage  = "the server has all bytes, but answered the last request with an error"
	scarceMessage  = "uploads wait until another one ends"
)

// Handle implements slog.Handler.
func (h retryFilter) Handle(ctx context.Context, r slog.Record) error {
	switch r.Message {
	case restartMessage, retryMessage, denialMessage:
		return nil
	}
	// The records of uploads lack the same open files, which is one problem for the user.
	if err := errorOf(r); r.Level >= slog.LevelWarn && (r.Message == scarceMessage || errors.Is(err, client.ErrScarce)) {
		h.onScarcity(err)
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// errorOf returns the error among the attributes of r, or nil.
func errorOf(r slog.Record) (err error) {
	r.Attrs(func(attr slog.Attr) bool {
		found, ok := attr.Value.Any().(error)
		if ok {
			err = found
		}
		return !ok
	})
	return err
}

// WithAttrs implements slog.Handler.
func (h retryFilter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return retryFilter{h.Handler.WithAttrs(attrs), h.onScarcity}
}

// WithGroup implements slog.Handler.
func (h retryFilter) WithGroup(name string) slog.Handler {
	return retryFilter{h.Handler.WithGroup(name), h.onScarcity}
}

// ReportResult logs the facts about a finished upload.
func (c *Console) ReportResult(ctx context.Context, file string, r *client.Result) {
	if r.Orphans > 0 {
		c.Log.WarnContext(ctx, "the server may have uploads whose URL is unknown", "file", output.Escape(file), "count", r.Orphans)
	}
	if d := r.Denial; d.StatusCode != 0 && !r.Skipped && c.IsTerse() {
		text := fmt.Sprintf("the server has all of it, but answered the last bytes with %d", d.StatusCode)
		if d.Words != "" {
			text += ": " + strconv.Quote(d.Words)
		}
		if file != "" {
			text = output.Escape(file) + ": " + text
		}
		c.Say("%s", output.OneLine(text))
	}
}

// ReportVerified says that a file was compared with the bytes on the server, if it was.
func (c *Console) ReportVerified(file string, r *client.Result) {
	if r.Verified {
		c.Say("verified %s: the server has the same %s, compared by SHA-256", output.Escape(file), units.FormatSize(r.Offset))
	}
}

// ReportLimit names the chunk size that passed, if larger requests did not.
func (c *Console) ReportLimit(l *advice.BodyLimit) {
	if text := l.Text(); text != "" {
		c.Say("%s", text)
	}
}
