package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

const (
	// maxParts bounds the parts of one upload, and maxConcat the bytes of the
	// Upload-Concat that joins them: proxies refuse headers over 8 KiB, and
	// the others of a request need room too.
	maxParts  = 32
	maxConcat = 7 << 10

	// minPart is the smallest part, in bytes, that is worth its requests.
	minPart = 1 << 20
)

// sendInParts tries to send one source as several uploads that the server
// joins. It is false where that cannot be, and nothing was sent yet.
func (t *transfer) sendInParts(ctx context.Context, endpoint string, creation protocol.Creation, j *journal) (bool, error) {
	var parts []PartRecord
	if j != nil && j.saved {
		parts = j.record.Parts // boundaries are for good once a part may exist
		if parts == nil {
			return false, nil
		}
	} else {
		var err error
		if parts, err = t.plan(ctx, endpoint, creation); err != nil || parts == nil {
			return err != nil, err
		}
		j.planned(ctx, parts)
	}
	if err := t.sendParts(ctx, endpoint, parts, j); err != nil {
		return true, err
	}
	urls := make([]string, len(parts))
	for i, r := range t.result.Parts {
		urls[i] = r.URL
	}
	if err := t.join(ctx, endpoint, urls, creation.Metadata); err != nil {
		return true, err
	}
	return true, t.src.check()
}

// abandon deletes the parts of an upload that nobody will go on with, where the
// server can. What cannot be deleted is left to expire.
func (t *transfer) abandon(ctx context.Context, parts []PartRecord) {
	for _, part := range parts {
		if part.URL == "" {
			continue
		}
		if _, err := t.c.Terminate(context.WithoutCancel(ctx), part.URL, t.call); err != nil {
			t.c.log.LogAttrs(ctx, slog.LevelInfo, "part not deleted", slog.Any("err", err))
		}
	}
}

// plan splits the source, or gives nil where it is to be sent in one piece.
func (t *transfer) plan(ctx context.Context, endpoint string, creation protocol.Creation) ([]PartRecord, error) {
	n, known := t.size().Int64()
	file, ok := t.src.(*openFile)
	if t.parallel <= 1 || !known || !ok || file.forward || creation.Concat.Kind != protocol.ConcatNone {
		return nil, nil
	}
	count := min(int64(t.parallel), maxParts, n/minPart)
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
	parts := make([]PartRecord, 0, count)
	for _, r := range protocol.Split(n, int(count)) {
		parts = append(parts, PartRecord{Start: r.Start, End: r.End})
	}
	return parts, nil
}

// sendParts sends all parts side by side. The first that fails ends the others.
func (t *transfer) sendParts(ctx context.Context, endpoint string, parts []PartRecord, j *journal) error {
	file, ok := t.src.(*openFile)
	if !ok {
		return fmt.Errorf("%w: it cannot be read in parts", ErrSource)
	}
	whole := &wholeEvents{events: t.events, length: t.size(), offsets: make([]int64, len(parts)), sent: make([]int64, len(parts))}
	t.result.Parts = make([]*Result, len(parts))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parallel(len(parts), len(parts), func(i int) {
		p := t.part(file, parts[i], whole, i)
		err := p.sendPart(ctx, endpoint, parts[i].URL, func(url string) { j.part(ctx, i, url) })
		p.result.URL, p.result.Offset, p.result.Length = p.url, p.offset, p.size()
		t.result.Parts[i] = p.result
		j.partOffset(i, p.offset)
		if err != nil {
			cancel(fmt.Errorf("%w %d: %w", ErrPart, i+1, err))
		}
	})
	t.offset = 0
	for _, r := range t.result.Parts {
		t.offset += r.Offset
		t.result.Resumed += r.Resumed
		t.result.Sent += r.Sent
		t.result.Retries += r.Retries
		t.result.Orphans += r.Orphans
	}
	if err := context.Cause(ctx); err == nil || errors.Is(err, ErrPart) {
		return err
	}
	return ended(ctx)
}

// part is the transfer of one part.
func (t *transfer) part(file *openFile, r PartRecord, whole *wholeEvents, i int) *transfer {
	p := t.c.newTransfer(job{UploadOptions: UploadOptions{Header: t.call.Header, ChunkSize: t.chunk}, sink: whole.sink(i)})
	p.events.source = t.events.source
	p.src = &section{file: file, Range: protocol.Range{Start: r.Start, End: r.End}}
	return p
}

// sendPart goes on with the part at url, or creates it where there is none or it
// is gone.
func (t *transfer) sendPart(ctx context.Context, endpoint, url string, created func(url string)) error {
	t.loop.Start()
	if url != "" {
		t.url, t.joining = url, true
		err := t.send(ctx)
		if !t.isLost(err) {
			return err
		}
		t.anew()
	}
	creation := protocol.Creation{Length: t.size(), Concat: protocol.Concat{Kind: protocol.ConcatPartial}}
	if err := t.create(ctx, endpoint, func(ctx context.Context) (*Reply, error) {
		return t.c.Create(ctx, creation, t.call)
	}); err != nil {
		return err
	}
	created(t.url)
	t.declared, t.known = true, true
	return t.send(ctx)
}

// join makes the final upload of complete parts. A request that may have arrived
// is repeated only while the parts are still there to be joined.
func (t *transfer) join(ctx context.Context, endpoint string, parts []string, metadata protocol.Metadata) error {
	parts, err := shorten(endpoint, parts)
	if err != nil {
		return err
	}
	t.loop.Start()
	orphans := t.result.Orphans
	return t.create(ctx, endpoint, func(ctx context.Context) (*Reply, error) {
		if t.result.Orphans > orphans {
			if err := t.stillThere(ctx, endpoint, parts); err != nil {
				return nil, err
			}
		}
		return t.c.Concat(ctx, parts, metadata, t.call)
	})
}

// stillThere fails with ErrUncertain where a part is gone: a server may delete
// parts once it has joined them.
func (t *transfer) stillThere(ctx context.Context, endpoint string, parts []string) error {
	base, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	for _, part := range parts {
		u, err := resolveLocation(base, part)
		if err != nil {
			return err
		}
		if _, err := t.c.Head(ctx, u.String(), t.call); err != nil {
			if e, ok := errors.AsType[*Error](err); ok && e.Class() == ClassGone {
				e.Err = fmt.Errorf("%w: %w", ErrUncertain, e.Err)
			}
			return err
		}
	}
	return nil
}

// shorten leaves the origin out of the URLs of parts where all of them would
// make a header that is too long.
func shorten(endpoint string, parts []string) ([]string, error) {
	size := func(parts []string) int {
		n := len("final;")
		for _, p := range parts {
			n += len(p) + 1
		}
		return n
	}
	if size(parts) <= maxConcat {
		return parts, nil
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidURL, err)
	}
	short := make([]string, len(parts))
	for i, p := range parts {
		short[i] = p
		if u, err := url.Parse(p); err == nil && sameOrigin(base, u) {
			short[i] = u.RequestURI()
		}
	}
	return short, nil
}

// section is a stretch of a file as a source of its own.
type section struct {
	file *openFile
	protocol.Range
}

func (s *section) cut(ctx context.Context, off, chunk int64) (cut, error) {
	rng, err := protocol.Next(off, s.length(), chunk)
	if err != nil {
		return cut{}, err
	}
	c, err := s.file.cut(ctx, s.Start+rng.Start, max(rng.Len(), 1))
	return cut{Range: rng, last: rng.End == s.Len(), reader: c.reader}, err
}

func (s *section) length() protocol.Length   { return protocol.Known(s.Len()) }
func (s *section) check() error              { return s.file.check() }
func (s *section) fingerprint(string) string { return "" }
func (s *section) release(int64)             {}
func (s *section) close() error              { return nil }

// wholeEvents adds up what happens to the parts of one upload.
type wholeEvents struct {
	events *events
	length protocol.Length

	mu            sync.Mutex
	offsets, sent []int64
}

// sink takes the events of one part, and gives those that concern the whole.
func (w *wholeEvents) sink(i int) *sink {
	if w.events.sink == nil {
		return nil
	}
	return newSink(func(part Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.offsets[i], w.sent[i] = part.Offset, part.Sent
		var offset, sent int64
		for k := range w.offsets {
			offset, sent = offset+w.offsets[k], sent+w.sent[k]
		}
		kind := part.Kind
		switch kind {
		case EventCreated, EventDone, EventFailed:
			kind = EventProgress
		case EventResumed, EventProgress, EventRetry, EventRewound:
		}
		w.events.update(kind, func(ev *Event) {
			ev.Offset, ev.Sent, ev.Length = offset, sent, w.length
			ev.Attempt, ev.Wait, ev.Err = part.Attempt, part.Wait, part.Err
		})
	})
}

// planned records the boundaries of parts, before any of them is created.
func (j *journal) planned(ctx context.Context, parts []PartRecord) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.Parts = append([]PartRecord(nil), parts...)
	j.record.Created = time.Now().UTC()
	j.save(ctx)
}

// part records the URL of a part, before its first byte goes.
func (j *journal) part(ctx context.Context, i int, url string) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.Parts[i].URL, j.record.Parts[i].Offset = url, 0
	j.save(ctx)
}

// partOffset notes how far a part got; left saves it.
func (j *journal) partOffset(i int, offset int64) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.Parts[i].Offset = offset
}
