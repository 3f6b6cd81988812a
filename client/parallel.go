package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tusker-go/tusker/protocol"
)

const (
	// maxParts bounds the parts of one upload, so that the Upload-Concat which
	// joins them stays short.
	maxParts = 32

	// minPart is the smallest part, in bytes, that is worth its requests.
	minPart = 1 << 20
)

// sendInParts tries to send one source as several uploads that the server
// joins. It is false where that cannot be, and nothing was sent yet.
func (t *transfer) sendInParts(ctx context.Context, endpoint string, creation protocol.Creation, j *journal) (bool, error) {
	var parts []PartRecord
	if j != nil && j.saved {
		parts = j.record.Parts // boundaries are for good once a part may exist
		if len(parts) == 0 {
			return false, nil
		}
		t.expires(ctx, j.record.Expires)
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
	if err := t.join(ctx, endpoint, resultURLs(t.result.Parts), creation.Metadata); err != nil {
		return true, err
	}
	return true, t.src.check()
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
		if !isLacking(err) {
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

// isLacking tells from a failure to learn what the server can do that it can do
// nothing special: it says so, or it does not know the question.
func isLacking(err error) bool {
	if errors.Is(err, ErrUnsupported) {
		return true
	}
	e, ok := errors.AsType[*Error](err)
	return ok && e.StatusCode != 0 && (e.Class() == ClassFinal || e.Class() == ClassGone)
}

// sendParts sends all parts side by side. The first that fails ends the others.
func (t *transfer) sendParts(ctx context.Context, endpoint string, parts []PartRecord, j *journal) error {
	file, ok := t.src.(*openFile)
	if !ok {
		return fmt.Errorf("%w: it cannot be read in parts", ErrSource)
	}
	uncertain := j != nil && j.record.Uncertain
	whole := newWholeEvents(t.events, t.size(), len(parts))
	t.result.Parts = make([]*Result, len(parts))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parallel(len(parts), len(parts), func(i int) {
		p := t.part(file, parts[i], whole.sink(i))
		// What was sent whole and is gone may have been joined.
		p.allSent = uncertain && parts[i].URL != ""
		err := p.sendPart(ctx, endpoint, parts[i].URL, func() { j.part(ctx, i, p) })
		p.result.URL, p.result.Offset, p.result.Length = p.url, p.offset, p.size()
		t.result.Parts[i] = p.result
		j.partLeft(i, p)
		if err != nil {
			cancel(fmt.Errorf("%w %d: %w", ErrPart, i+1, err))
		}
	})
	t.addUp(t.result.Parts)
	if err := context.Cause(ctx); err == nil || errors.Is(err, ErrPart) {
		return err
	}
	return ended(ctx)
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
		expires = earlier(expires, r.Expires)
	}
	if !expires.IsZero() {
		t.result.Expires = expires
	}
}

// part is the transfer of one part.
func (t *transfer) part(file *openFile, r PartRecord, events *sink) *transfer {
	p := t.c.newTransfer(job{UploadOptions: UploadOptions{Header: t.call.Header, ChunkSize: t.chunk}, sink: events})
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
		if !t.isLost(err) {
			return err
		}
		had := t.offset
		t.anew()
		if had > 0 {
			t.events.acknowledged(EventRewound, 0, t.size())
		}
	}
	creation := protocol.Creation{Length: t.size(), Concat: protocol.Concat{Kind: protocol.ConcatPartial}}
	if err := t.create(ctx, endpoint, func(ctx context.Context) (*Reply, error) {
		return t.c.Create(ctx, creation, t.call)
	}); err != nil {
		return err
	}
	created()
	t.declared, t.known = true, true
	return t.send(ctx)
}

// abandon deletes parts that nobody will go on with, where the server can. What
// cannot be deleted is left to expire.
func (t *transfer) abandon(ctx context.Context, urls []string) {
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
