// Package journal has the records of uploads: what a store keeps of an unfinished
// upload so that a later run can resume it ([Store], [Record]), and what it keeps of
// finished ones so that they are not sent again ([Ledger]).
//
// [MemoryStore] keeps them in memory and package filestore in a folder. Package
// storetest checks a store of your own.
package journal

import (
	"context"
	"iter"
)

// Store keeps records of uploads that are not finished, so that a later run can resume
// them. Package filestore keeps them in a folder, [MemoryStore] in memory, and package
// storetest checks your own implementation.
//
// Save and Delete act only on the revision of a record that the caller knows, so that a
// run that was overtaken by another one cannot undo the work of that one. Both compare and
// write in one step, also for several processes and machines that share the data.
//
// All methods are safe for concurrent use, also through several handles on the same data.
// A key or record that does not pass [Record.Validate] is refused with [ErrInvalidRecord].
// If a context has ended, the method fails with an error that Is the Err or the cause of
// the context, and changes nothing. If the context ends during a call, the method returns
// soon; whether it changed anything is then open.
type Store interface {
	// Load returns the record of key with its Revision. The record belongs to the caller.
	// The error Is ErrNoRecord, ErrRecordDamaged or ErrRecordVersion, or another one if the
	// store cannot be read.
	Load(ctx context.Context, key string) (*Record, error)

	// Save replaces the record of revision r.Revision that is stored under the key of r,
	// and sets r.Revision to the revision of the new one. If r.Revision is "", there must
	// be no record yet; a damaged one counts as none. A Load at any time, also after a
	// crash, returns the old record or the new one completely, and the new one once Save
	// has returned nil. Save keeps nothing that r points to. Times come back in UTC, to
	// the microsecond at least. The error Is ErrConflict if the store has another revision
	// or no record, and ErrRecordVersion if it has the record of a newer version and knows
	// that. After an error, r is as before.
	Save(ctx context.Context, r *Record) error

	// Delete removes the record of key that has this revision. It returns nil if there is
	// no record, whatever the revision. The error Is ErrConflict if the store has another
	// revision. A lock on the key stays.
	Delete(ctx context.Context, key, revision string) error

	// Lock takes the lock of key, whether there is a record or not, and excludes all others
	// that share the store, other processes too. It fails at once with ErrBusy if the lock
	// is held. The lock of a process that has died is free. The lock is advisory, because
	// it only saves work: the other methods do not check it.
	//
	// The lock is held until unlock is called. The end of ctx does not release it. Unlock
	// has no context, so it must return within seconds by itself. A second call of unlock
	// has no effect.
	Lock(ctx context.Context, key string) (unlock func() error, err error)
}

// SuffixLister is a Store that can find records by the end of their keys, without reading the
// other records. It is optional: an upload that starts over uses it to find the record of an
// earlier state of the same source, and tells why it starts over.
//
// A client calls ListSuffix once for each new upload that gets a record, with a suffix of the
// form of [PlaceSuffix]. The call should cost the same beside any number of other records.
type SuffixLister interface {
	// ListSuffix returns each record whose key ends in suffix, as Lister.List does. The suffix
	// may have any form.
	ListSuffix(ctx context.Context, suffix string) iter.Seq2[*Record, error]
}

// Leaser is a Store whose locks can be lost, such as a lock in a database that expires
// if its holder does not renew it. A Client uses Lease instead of Lock.
type Leaser interface {
	// Lease takes the lock of key as Store.Lock does, and renews it until release is
	// called. The context held ends as soon as the lock may belong to another holder, with
	// the cause ErrLeaseLost, and at the latest when release has returned. A holder that
	// cannot reach the store ends held before the lease expires for others, since it
	// cannot know whether the lease still stands. Ctx is for the call only: its end does
	// not end held.
	//
	// Release must return within seconds by itself. A second call has no effect, and
	// neither has a call after the lease was lost: it must not release the lock of the next
	// holder.
	Lease(ctx context.Context, key string) (held context.Context, release func() error, err error)
}

// Lister is a Store that can also tell which records it holds.
type Lister interface {
	// List returns every record once, in no particular order. A record that is
	// saved or deleted meanwhile may be left out, or returned twice. A record that cannot be
	// read is an error beside a nil record, and the listing continues. After
	// an error of the store as a whole, or of ctx, it ends.
	List(ctx context.Context) iter.Seq2[*Record, error]
}
