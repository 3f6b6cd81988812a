package record

import (
	"context"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/timestep"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// clearDoubts clears the marks Sent, Reach, Uncertain and Denial of a record.
func clearDoubts(r *journal.Record) {
	r.Sent, r.Reach, r.Uncertain, r.Denial = 0, protocol.Length{}, false, failure.Denial{}
}

// hasDoubts reports whether a mark of r has to be cleared when the upload is resumed. Sent is
// only for people, so it is not worth a save.
func hasDoubts(r *journal.Record) bool {
	return r.Reach != (protocol.Length{}) || r.Uncertain || r.Denial != (failure.Denial{})
}

// Hear is the listener of an upload in one piece.
func (k *Keeper) Hear(ctx context.Context, ev engine.Event) error {
	if k == nil {
		return nil
	}
	switch ev.Kind {
	case engine.Created:
		return k.created(ctx, ev)
	case engine.Resumed, engine.Rewound:
		return k.resumed(ctx, ev)
	case engine.LastByte:
		return k.update(ctx, func(r *journal.Record) { r.Uncertain = true })
	case engine.Stopped:
		k.settleAtEnd(ctx)
		return k.stopped(ctx, ev)
	case engine.Retry:
		if ev.Unknown && k.record.Uncertain {
			return k.update(ctx, func(r *journal.Record) { r.Uncertain = false })
		}
	case engine.Progress, engine.Waiting:
	}
	return nil
}

// created records the URL of a new upload. An upload that is complete already needs no
// record, except with Once.
func (k *Keeper) created(ctx context.Context, ev engine.Event) error {
	if isWhole(ev) && !k.once {
		return nil
	}
	return k.begin(ctx, func(r *journal.Record) {
		r.URL, r.Offset, r.Expires, r.Parts = ev.URL, 0, ev.Expires, nil
	})
}

// resumed clears the doubts of the earlier run, because the server has named its offset. They
// would be wrong from now on, because this run sends further bytes.
func (k *Keeper) resumed(ctx context.Context, ev engine.Event) error {
	if !hasDoubts(&k.record) || isWhole(ev) {
		return nil
	}
	return k.update(ctx, clearDoubts)
}

// stopped records how far an upload came that did not finish.
func (k *Keeper) stopped(ctx context.Context, ev engine.Event) error {
	if ev.Standing.Misplaced {
		return k.Forget(ctx)
	}
	if !ev.Standing.Heard {
		return nil // the record is still up to date
	}
	return k.update(ctx, func(r *journal.Record) {
		r.URL, r.Offset, r.Sent = ev.URL, ev.Offset, sentTo(ev.Offset, ev.Sent)
		r.Reach, r.Denial = ev.Standing.Reach, ev.Standing.Denial
		r.Uncertain = ev.Standing.Uncertain || k.once && ev.Standing.Unanswered
		if !ev.Expires.IsZero() {
			r.Expires = ev.Expires
		}
	})
}

// isWhole reports whether the server has all bytes, so that none is sent any more.
func isWhole(ev engine.Event) bool {
	n, known := ev.Length.Int64()
	return known && ev.Offset == n
}

// sentTo returns Sent of a record: 0 if the server has acknowledged all bytes that were sent.
func sentTo(offset, sent int64) int64 {
	if sent > offset {
		return sent
	}
	return 0
}

// begin records a new upload, before its first byte is sent, or as soon as its source is
// settled. With Once, the source is settled before the upload is created.
func (k *Keeper) begin(ctx context.Context, change func(*journal.Record)) error {
	wait := time.Duration(0)
	if !k.once {
		wait = k.unsettled()
	}
	k.mu.Lock()
	clearDoubts(&k.record) // of an earlier upload
	change(&k.record)
	k.record.Protocol = k.source.Protocol
	k.record.Created = time.Now().UTC()
	k.pending = wait > 0
	if k.pending {
		k.timer = time.AfterFunc(wait, func() { k.settle(ctx, 0) })
	}
	k.mu.Unlock()
	if wait <= 0 {
		return k.create(ctx)
	}
	return nil
}

func (k *Keeper) unsettled() time.Duration {
	if k.source.Unsettled == nil {
		return 0
	}
	return k.source.Unsettled()
}

// settle saves the pending record if the source settles within the time most. A source that
// changed gets no record; the upload then fails by its own check.
func (k *Keeper) settle(ctx context.Context, most time.Duration) {
	k.settling <- struct{}{}
	defer func() { <-k.settling }()
	k.mu.Lock()
	pending := k.pending
	k.mu.Unlock()
	if !pending {
		return
	}
	ctx = context.WithoutCancel(ctx)
	if wait := k.unsettled(); wait > most || wait > 0 && engine.Pause(ctx, wait) != nil || k.source.Check(ctx) != nil {
		return
	}
	k.mu.Lock()
	k.pending = false
	k.mu.Unlock()
	_ = k.create(ctx) // a conflict ends the context of the run
}

// settleAtEnd waits for the pending record at the end of a run. It does not delay the end of a
// canceled run noticeably.
func (k *Keeper) settleAtEnd(ctx context.Context) {
	most := timestep.Longest
	if ctx.Err() != nil {
		most = timestep.Fine
	}
	k.settle(ctx, most)
}
