package output

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
)

// progressEvery is the least time between two lines.
const progressEvery = 5 * time.Second

// Progress writes a line on how far some uploads are, at most one in five
// seconds and none in the first five. It is safe for concurrent use, and nil
// writes nothing.
type Progress struct {
	w io.Writer

	mu          sync.Mutex
	files       []progressFile
	start, last time.Time
}

type progressFile struct {
	name       string
	begun, end bool
	base, sent int64 // sent by an earlier run; sent in all
	length     int64
	known      bool // length is
}

// NewProgress tells of uploads with these names.
func NewProgress(w io.Writer, names []string) *Progress {
	p := &Progress{w: w, files: make([]progressFile, len(names))}
	for i, name := range names {
		p.files[i].name = Escape(name)
	}
	p.start = time.Now()
	p.last = p.start
	return p
}

// Update takes in what happened to the upload with that index.
func (p *Progress) Update(i int, e client.Event) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &p.files[i]
	if e.Kind == client.EventResumed {
		f.base = e.Offset
	}
	f.begun = true
	f.end = e.Kind == client.EventDone || e.Kind == client.EventFailed
	f.sent = e.Sent
	f.length, f.known = e.Length.Int64()
	now := time.Now()
	if now.Sub(p.last) < progressEvery {
		return
	}
	p.last = now
	// Progress that cannot be shown is no reason to stop.
	_, _ = fmt.Fprintf(p.w, "tusker: %s\n", p.line(now))
}

func (p *Progress) line(now time.Time) string {
	var sent, fresh, length int64
	known := true
	ended := 0
	for _, f := range p.files {
		sent += f.sent
		fresh += f.sent - f.base
		length += f.length
		known = known && f.known && f.begun
		if f.end {
			ended++
		}
	}
	subject := p.files[0].name
	if len(p.files) > 1 {
		subject = fmt.Sprintf("%d of %d files", ended, len(p.files))
	}
	amount := units.FormatSize(sent)
	if known {
		amount += " of " + units.FormatSize(length)
		if length > 0 {
			amount += fmt.Sprintf(" (%d%%)", int64(float64(sent)/float64(length)*100))
		}
	}
	rate := float64(max(0, fresh)) / now.Sub(p.start).Seconds()
	return fmt.Sprintf("%s: %s, %s/s", subject, amount, units.FormatSize(int64(rate)))
}
