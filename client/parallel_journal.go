package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// fitParts checks that parts of a record are all of this upload. A store of the
// user's own may not have looked.
func fitParts(r *Record, endpoint string, length int64) error {
	if len(r.Parts) == 0 {
		return nil
	}
	for _, part := range r.Parts {
		if part.URL != "" && insecure(endpoint, part.URL) {
			return fmt.Errorf("%w: %w", errUnfit, ErrInsecureLocation)
		}
	}
	if len(r.Parts) > maxParts || r.Parts[len(r.Parts)-1].End != length {
		return errUnfit
	}
	if err := r.validateParts(); err != nil {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	return nil
}

// planned records the boundaries of parts, before any of them is created unless
// their source has to settle first.
func (j *journal) planned(ctx context.Context, parts []PartRecord) {
	if j == nil {
		return
	}
	j.stopSaving()
	j.mu.Lock()
	defer j.mu.Unlock()
	// What the record was before is of no more use.
	j.record.URL, j.record.Offset, j.record.Expires = "", 0, time.Time{}
	j.record.pardon()
	j.record.Parts = slices.Clone(parts)
	j.record.Created = time.Now().UTC()
	j.saveSettled(ctx)
}

// extend takes over boundaries that were set since. The lock is held.
func (j *journal) extend(parts []PartRecord) {
	if len(parts) <= len(j.record.Parts) {
		return // a list of before
	}
	all := slices.Clone(parts)
	for i, known := range j.record.Parts {
		all[i].URL, all[i].Offset, all[i].Reach, all[i].Denial = known.URL, known.Offset, known.Reach, known.Denial
	}
	j.record.Parts = all
}

// part records the URL of a new part, before its first byte goes. Parts that are
// made while the store is at work are saved together. Where the store did not
// take the boundaries, it is not asked again.
func (j *journal) part(ctx context.Context, parts []PartRecord, i int, p *transfer) {
	if j == nil {
		return
	}
	j.mu.Lock()
	j.extend(parts)
	delete(j.unheard, i)
	j.record.Parts[i].URL, j.record.Parts[i].Offset = p.url, 0
	j.record.Parts[i].Reach, j.record.Parts[i].Denial = protocol.Length{}, Denial{}
	j.record.Expires = earlier(j.record.Expires, p.result.Expires)
	j.made++
	mine := j.made
	j.mu.Unlock()

	j.saving <- struct{}{}
	defer func() { <-j.saving }()
	j.mu.Lock()
	if !j.saved || j.kept >= mine {
		j.mu.Unlock()
		return
	}
	j.kept = j.made
	j.record.Updated = time.Now().UTC()
	r := j.record
	r.Parts = slices.Clone(r.Parts)
	j.mu.Unlock()
	if err := j.store.Save(context.WithoutCancel(ctx), &r); err != nil {
		j.outdated(ctx, err)
	}
}

// partResumed is resumed for a part. Whether the parts were joined is known when
// all are still there.
func (j *journal) partResumed(ctx context.Context, i int) {
	if j == nil {
		return
	}
	j.mu.Lock()
	delete(j.unheard, i)
	doubts := j.record.Parts[i].Reach != (protocol.Length{}) || j.record.Parts[i].Denial != (Denial{}) ||
		j.record.Uncertain && len(j.unheard) == 0
	j.mu.Unlock()
	if !doubts {
		return
	}
	j.saving <- struct{}{} // what is being saved must not come after this
	defer func() { <-j.saving }()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.Parts[i].Reach, j.record.Parts[i].Denial = protocol.Length{}, Denial{}
	j.record.Uncertain = j.record.Uncertain && len(j.unheard) > 0
	if err := j.put(ctx); err != nil {
		j.outdated(ctx, err)
	}
}

// joining records that the parts may be one upload from here on, and be deleted:
// a process that is killed cannot say so afterwards.
func (j *journal) joining(ctx context.Context) {
	if j == nil {
		return
	}
	j.stopSaving()
	if !j.saved {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.record.Uncertain = true
	if err := j.put(ctx); err != nil {
		j.outdated(ctx, err)
	}
}

// partLeft notes how far a part got with err, where that is known; left saves it.
func (j *journal) partLeft(i int, p *transfer, err error) {
	if j == nil || p.url == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if i >= len(j.record.Parts) {
		return // it failed before the record knew of it
	}
	disputed := p.disputed(err)
	if p.joining && disputed == (protocol.Length{}) {
		return
	}
	j.learned = true
	j.record.Parts[i].Reach = disputed
	if p.joining {
		return
	}
	j.record.Parts[i].URL, j.record.Parts[i].Offset, j.record.Parts[i].Denial = p.url, p.offset, p.denial
	j.record.Offset = 0
	for _, part := range j.record.Parts {
		j.record.Offset += part.Offset
	}
}

// earlier is the first of two times, of which zero is not known.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
