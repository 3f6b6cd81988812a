package batch

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
)

// tally counts the results of several files. It is safe for concurrent use.
type tally struct {
	start          time.Time
	files, leftOut int

	mu             sync.Mutex
	done, failed   int
	stopped        int // begun, and ended with the run
	skipped        int // sent by an earlier run
	notBegun       int
	failedAfter    int // sent, and then --exec, --delete-after or --move-to failed
	bytes, resumed int64
	retries        int
	verified       int            // files that were compared with the bytes on the server
	last           *client.Result // of the file that ended last
}

func (t *tally) add(r *client.Result, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = r
	if err == nil && r.Verified {
		t.verified++
	}
	switch {
	case err == nil && r.Skipped:
		t.skipped++
		return
	case err == nil:
		t.done++
	case advice.IsNotStarted(err):
		t.notBegun++
	case exit.StopCause(err) != nil:
		t.stopped++
	default:
		t.failed++
	}
	t.bytes += max(0, r.Offset-r.Resumed)
	t.resumed += r.Resumed
	t.retries += r.Retries
}

// addAfter adds the end of what happens to a file that was sent.
func (t *tally) addAfter(err error) {
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failedAfter++
}

// event returns the tally as a line of JSON.
func (t *tally) event(now time.Time) output.Summary {
	return output.Summary{
		Event: output.EventSummary, Files: t.files, Done: t.done, Failed: t.failed, InProgress: t.stopped, NotBegun: t.notBegun, FailedAfter: t.failedAfter, Skipped: t.skipped, LeftOut: t.leftOut,
		Bytes: t.bytes, Resumed: t.resumed, Retries: t.retries, ElapsedMS: now.Sub(t.start).Milliseconds(),
	}
}

// amount returns how many bytes were sent in which time.
func (t *tally) amount(now time.Time) string {
	elapsed := now.Sub(t.start)
	text := units.FormatSize(t.bytes) + " in " + units.Round(elapsed).String()
	if seconds := elapsed.Seconds(); seconds >= 0.1 && t.bytes > 0 {
		text += fmt.Sprintf(" (%s/s)", units.FormatSize(int64(float64(t.bytes)/seconds)))
	}
	return text
}

// text returns the tally as text for people.
func (t *tally) text(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "sent %d of %d files, %s", t.done, t.files, t.amount(now))
	for _, part := range []struct {
		n    int
		text string
	}{{t.skipped, "skipped as sent before"}, {t.failed, "failed"}, {t.failedAfter, "failed after the upload"}, {t.stopped, "in progress"}, {t.notBegun, "not begun"}, {t.leftOut, "left out"}} {
		if part.n > 0 {
			fmt.Fprintf(&b, ", %d %s", part.n, part.text)
		}
	}
	if t.verified > 0 {
		fmt.Fprintf(&b, ", %d verified by SHA-256", t.verified)
	}
	if t.retries > 0 {
		fmt.Fprintf(&b, ", %s", units.FormatCount(t.retries, "retry", "retries"))
	}
	if t.resumed > 0 {
		fmt.Fprintf(&b, "; an earlier run had sent %s", units.FormatSize(t.resumed))
	}
	return b.String()
}

// summarise prints the results of several files.
func (b *Batch) summarise(t *tally) {
	now := time.Now()
	switch {
	case b.JSON:
		b.Console.Out.JSON(t.event(now))
	case t.files > 0:
		b.Console.Say("%s", t.text(now))
	}
}

func (b *Batch) hint(f *advice.Failure) string {
	if f.Hint != "" {
		return f.Hint
	}
	return advice.For(b.Cmd, f)
}
