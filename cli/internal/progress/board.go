// Package progress shows the progress of uploads: as bars on a terminal, and as a
// line every few seconds elsewhere.
package progress

import (
	"slices"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

// board is the state of the uploads of one command. Only active uploads have an
// entry in active.
type board struct {
	mu     sync.Mutex
	files  int // number of files in all
	active map[int]*upload
	start  time.Time
	rate   rate // of all uploads together

	// ended and failed count the uploads that have ended.
	ended, failed int
	sent, base    int64
	retries       int

	// length is the length of all files, if lengthKnown. givenUp is the number of
	// its bytes that will not be sent.
	length, givenUp int64
	lengthKnown     bool
}

// upload is an active upload.
type upload struct {
	name       string
	index      int
	begun      bool
	base, sent int64 // bytes sent by an earlier run; bytes sent in all
	length     int64
	known      bool // length is known
	retries    int
	rate       rate

	// until is the end of a wait, and the reason is beside it. The zero time means
	// that the upload does not wait.
	until time.Time
	why   string
}

func newBoard(files int) *board {
	return &board{files: files, active: make(map[int]*upload), start: time.Now()}
}

// update applies an event of the upload with that index.
func (b *board) update(i int, name string, e client.Event) {
	u := b.active[i]
	if u == nil {
		u = &upload{name: output.Escape(name), index: i}
		b.active[i] = u
	}
	idle := e.Kind == client.EventRetry || e.Kind == client.EventWaiting
	if e.Kind == client.EventRetry {
		u.retries++
	}
	switch {
	case e.Kind == client.EventSettling:
		u.until, u.why = time.Now().Add(e.Wait), "it was modified just now"
	case !idle:
		u.until = time.Time{}
	case e.Wait > 0:
		u.until, u.why = time.Now().Add(e.Wait), Reason(e.Err)
	}
	switch {
	case e.Kind == client.EventCreated:
		u.base = 0
	case e.Kind == client.EventResumed && !u.begun:
		u.base = e.Offset
	}
	u.begun = u.begun || !idle
	u.sent = e.Sent
	if n, ok := e.Length.Int64(); ok {
		u.length, u.known = n, true
	}
}

// end removes the upload with that index from the active ones.
func (b *board) end(i int, failed bool) {
	b.ended++
	if failed {
		b.failed++
	}
	u := b.active[i]
	if u == nil {
		return
	}
	delete(b.active, i)
	b.sent += u.sent
	b.base += u.base
	b.retries += u.retries
	if failed && u.known {
		b.givenUp += u.length - u.sent
	}
}

// sums are the totals of all uploads.
type sums struct {
	sent, fresh   int64 // with and without the bytes that an earlier run sent
	length, left  int64 // if known
	known         bool
	ended, failed int
	retries       int
}

func (b *board) sums() sums {
	s := sums{
		sent: b.sent, fresh: b.sent - b.base, length: b.length, known: b.lengthKnown,
		ended: b.ended, failed: b.failed, retries: b.retries,
	}
	for _, u := range b.active {
		s.sent += u.sent
		s.fresh += u.sent - u.base
		s.retries += u.retries
		if b.files == 1 {
			s.length, s.known = u.length, u.known
		}
	}
	// A file may have grown after it was counted.
	s.length = max(s.length, s.sent)
	s.left = max(0, s.length-s.sent-b.givenUp)
	return s
}

// inOrder returns the active uploads in order.
func (b *board) inOrder() []*upload {
	all := make([]*upload, 0, len(b.active))
	for _, u := range b.active {
		all = append(all, u)
	}
	slices.SortFunc(all, func(x, y *upload) int { return x.index - y.index })
	return all
}

// sample measures the rate of each upload and of all together.
func (b *board) sample(now time.Time) {
	for _, u := range b.active {
		u.rate.sample(now, u.sent-u.base)
	}
	b.rate.sample(now, b.sums().fresh)
}
