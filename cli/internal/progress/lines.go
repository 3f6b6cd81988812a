package progress

import (
	"fmt"
	"io"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
)

// lineEvery is the least time between two lines.
const lineEvery = 5 * time.Second

// lines writes a line after an event, at most one in five seconds and none in the
// first five.
type lines struct {
	w    io.Writer
	last time.Time
}

// update writes a line if enough time has passed. The last event was for the upload
// with index i.
func (l *lines) update(b *board, i int, now time.Time) {
	if now.Sub(l.last) < lineEvery {
		return
	}
	l.last = now
	// An error of the display does not stop the uploads.
	_, _ = fmt.Fprintf(l.w, "tusker: %s\n", line(b, b.active[i].name, now))
}

func line(b *board, name string, now time.Time) string {
	s := b.sums()
	subject := name
	if b.files > 1 {
		subject = fmt.Sprintf("%d of %d files", s.ended, b.files)
	}
	amount := units.FormatSize(s.sent)
	if s.known {
		amount += " of " + units.FormatSize(s.length)
		if s.length > 0 {
			amount += fmt.Sprintf(" (%d%%)", percent(s.sent, s.length))
		}
	}
	speed := float64(max(0, s.fresh)) / now.Sub(b.start).Seconds()
	text := fmt.Sprintf("%s: %s, %s/s", subject, amount, units.FormatSize(int64(speed)))
	if s.failed > 0 {
		text += fmt.Sprintf(", %d failed", s.failed)
	}
	return text + retries(", ", s.retries)
}

func percent(part, whole int64) int64 {
	return int64(float64(part) / float64(whole) * 100)
}

// retries returns "" for no retries.
func retries(before string, n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return before + "1 retry"
	}
	return fmt.Sprintf("%s%d retries", before, n)
}
