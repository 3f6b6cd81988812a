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
// All methods are safe for concurrent use, also through several handles on the
// same data. A key or record that does not pass [Record.Validate] is refused
// with [ErrInvalidRecord]. A context that has ended makes a method fail, with
// an error that Is its Err or its cause, and change nothing.
type Store interface {
	// Load returns the record of key; it is the caller's to change. The
	// error Is ErrNoRecord, ErrRecordDamaged or ErrRecordVersion, or another
	// one where the store cannot be read.
	Load(ctx context.Context, key string) (*Record, error)

	// Save replaces the record that is stored under the key of r. A Load at any time, also
	// after a crash, returns the old record or the new one completely, and the new one once
	// Save has returned nil. Save keeps nothing that r points to. Times come back in UTC, to the microsecond at least. The
	// error Is ErrRecordVersion where the store holds a newer version's
	// record and knows it.
	Save(ctx context.Context, r *Record) error

	// Delete removes the record of key. It is nil where there is none. A
	// lock on the key stays.
	Delete(ctx context.Context, key string) error

	// Lock takes the lock of key, whether there is a record or not, and
	// excludes all who share the store, other processes too. It fails at once
	// with ErrBusy where the lock is held. The lock of a process that has
	// died is free. The lock is advisory: the other methods do not ask for
	// it.
	//
	// The lock is held until unlock is called; ctx has no say in that. A
	// second call of unlock has no effect.
	Lock(ctx context.Context, key string) (unlock func() error, err error)
}

// SuffixLister is a Store that can find records by the end of their keys, without reading the
// other records. It is optional: an upload that starts over finds with it the record of an
// earlier state of the same source, and says why it starts over.
type SuffixLister interface {
	// ListSuffix gives each record whose key ends in suffix, as Lister.List does.
	ListSuffix(ctx context.Context, suffix string) iter.Seq2[*Record, error]
}

// Lister is what a Store also has where it can tell which records it holds.
type Lister interface {
	// List gives every record once, in no particular order. A record that is
	// saved or deleted meanwhile may be left out, or returned twice. A record that cannot be
	// read is an error beside a nil record, and the listing continues. After
	// an error of the store as a whole, or of ctx, it ends.
	List(ctx context.Context) iter.Seq2[*Record, error]
}
