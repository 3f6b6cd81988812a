package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// cleanUpTime is for how long the deletion of what nobody needs any more may hold
// up an upload.
const cleanUpTime = 5 * time.Second

// ParallelAuto is a value of UploadOptions.Parallel.
const ParallelAuto = -1

// sendInParts tries to send one source as several uploads that the server
// joins. It is false where that cannot be, and nothing was sent yet.
func (t *transfer) sendInParts(ctx context.Context, endpoint string, creation protocol.Creation, j *journal) (bool, error) {
	var s *segments
	if j != nil && j.saved {
		if len(j.record.Parts) == 0 {
			return false, nil
		}
		s = recordedSegments(j.record.Parts, t.parallel)
		t.expires(ctx, j.record.Expires)
		if err := t.judgeParts(ctx, s.list()); err != nil {
			return true, err
		}
	} else {
		var err error
		if s, err = t.plan(ctx, endpoint, creation); err != nil || s == nil {
			return err != nil, err
		}
		j.planned(ctx, s.list())
	}
	return true, t.sendAndJoin(ctx, endpoint, creation, s, j)
}

func (t *transfer) sendAndJoin(ctx context.Context, endpoint string, creation protocol.Creation, s *segments, j *journal) error {
	if err := t.sendParts(ctx, endpoint, s, j); err != nil {
		return err
	}
	// Parts of a source that is not confirmed must not become one upload.
	wait := t.unsettled()
	if err := t.src.check(); err != nil {
		return err
	}
	if err := t.confirm(ctx, wait); err != nil {
		return err
	}
	j.joining(ctx)
	if err := t.join(ctx, endpoint, resultURLs(t.result.Parts), creation.Metadata); err != nil {
		return err
	}
	return t.src.check()
}

// plan splits the source, or gives nil where it is to be sent in one piece, or
// begun so.
func (t *transfer) plan(ctx context.Context, endpoint string, creation protocol.Creation) (*segments, error) {
	n, ok := t.divisible(creation)
	if t.parallel <= 1 || !ok {
		return nil, nil
	}
	count := min(int64(t.parallel), maxWorkers, n/minPart)
	if count <= 1 {
		return nil, nil
	}
	if err := t.needConcatenation(ctx, endpoint); err != nil {
		if !errors.Is(err, ErrUnsupported) {
			return nil, err
		}
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "sending over one connection", slog.Any("err", err))
		return nil, nil
	}
	return fixedSegments(n, int(count)), nil
}

// divisible tells whether the source can be sent in parts at all, and its length.
func (t *transfer) divisible(creation protocol.Creation) (int64, bool) {
	n, known := t.size().Int64()
	file, ok := t.src.(*openFile)
	return n, known && ok && !file.forward && creation.Concat.Kind == protocol.ConcatNone
}

// sendParts has workers take the segments in turn and send each as a part. The
// first that fails ends the others.
func (t *transfer) sendParts(ctx context.Context, endpoint string, s *segments, j *journal) error {
	file, ok := t.src.(*openFile)
	if !ok {
		return fmt.Errorf("%w: it cannot be read in parts", ErrSource)
	}
	uncertain := j != nil && j.record.Uncertain
	whole := newWholeEvents(t.events, t.size())
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := &partResults{}
	t.crew(ctx, s, func(i int, part PartRecord) {
		p := t.part(file, part, whole.sink(i))
		// What was sent whole and is gone may have been joined.
		p.allSent = uncertain && part.URL != ""
		p.denial = part.Denial
		p.earlier, p.resumed = part.Reach, func() { j.partResumed(ctx, i) }
		err := p.sendPart(ctx, endpoint, part.URL, func() {
			s.made(i, endpoint, p.url)
			j.part(ctx, s.list(), i, p)
		})
		p.result.URL, p.result.Offset, p.result.Length = p.url, p.offset, p.size()
		results.set(i, p.result)
		j.partLeft(i, p, err)
		if err != nil {
			cancel(fmt.Errorf("%w %d: %w", ErrPart, i+1, err))
		}
	})
	t.result.Parts = results.of(s.list())
	t.addUp(t.result.Parts)
	if err := context.Cause(ctx); err == nil || errors.Is(err, ErrPart) {
		return err
	}
	return ended(ctx)
}

// partResults are those of parts, in whatever order they come.
type partResults struct {
	mu sync.Mutex
	m  map[int]*Result
}

func (p *partResults) set(i int, r *Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.m == nil {
		p.m = make(map[int]*Result)
	}
	p.m[i] = r
}

// of gives a result for each part; that of one that was not begun holds what is
// known of it.
func (p *partResults) of(parts []PartRecord) []*Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]*Result, len(parts))
	for i, part := range parts {
		list[i] = p.m[i]
		if list[i] == nil {
			list[i] = &Result{URL: part.URL, Length: protocol.Known(part.End - part.Start)}
		}
	}
	return list
}

// addUp makes the result of the whole from those of its parts.
func (t *transfer) addUp(parts []*Result) {
	t.offset = 0
	expires := parts[0].Expires
	for _, r := range parts {
		t.offset += r.Offset
		t.result.Resumed += r.Resumed
		t.result.Sent += r.Sent
		t.result.Retries += r.Retries
		t.result.Orphans += r.Orphans
		t.result.take(r.Denial)
		expires = earlier(expires, r.Expires)
	}
	if !expires.IsZero() {
		t.result.Expires = expires
	}
}

// part is the transfer of one part.
func (t *transfer) part(file *openFile, r PartRecord, events *sink) *transfer {
	p := t.c.newTransfer(job{UploadOptions: UploadOptions{Header: t.call.Header, ChunkSize: t.chunk}, sink: events})
	p.gauge, p.sum, p.partial = t.gauge, t.sum, true
	p.src = &section{file: file, Range: protocol.Range{Start: r.Start, End: r.End}}
	return p
}

// sendPart goes on with the part at url, or creates it where there is none or it
// is gone.
func (t *transfer) sendPart(ctx context.Context, endpoint, url string, created func()) error {
	t.loop.Start()
	if url != "" {
		t.url, t.joining = url, true
		err := t.send(ctx)
		if !t.isLost(ctx, err) {
			return err
		}
		had := t.offset
		t.anew()
		if had > 0 {
			t.events.acknowledged(EventRewound, 0, t.size())
		}
	}
	creation := protocol.Creation{Length: t.size(), Concat: protocol.Concat{Kind: protocol.ConcatPartial}}
	if err := t.createPlain(ctx, endpoint, creation); err != nil {
		return err
	}
	created()
	return t.send(ctx)
}

// abandon deletes parts that nobody will go on with, where the server can. What
// cannot be deleted, or not soon, is left to expire.
func (t *transfer) abandon(ctx context.Context, urls []string) {
	ctx, cancel := context.WithTimeout(ctx, cleanUpTime)
	defer cancel()
	for _, url := range urls {
		if url == "" {
			continue
		}
		_, err := t.c.Terminate(ctx, url, t.call)
		if e, ok := errors.AsType[*Error](err); ok && e.Class() != ClassGone {
			// What one part met, the others would meet too.
			t.c.log.LogAttrs(ctx, slog.LevelInfo, "parts not deleted", slog.Any("err", err))
			return
		}
	}
}

func resultURLs(parts []*Result) []string {
	urls := make([]string, len(parts))
	for i, p := range parts {
		urls[i] = p.URL
	}
	return urls
}

func recordURLs(parts []PartRecord) []string {
	urls := make([]string, len(parts))
	for i, p := range parts {
		urls[i] = p.URL
	}
	return urls
}
