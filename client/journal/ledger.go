package journal

import "context"

// Ledger keeps which uploads were finished, so that a later run need not send them
// again. If its content is lost, a file is sent once more. Both
// methods are safe for concurrent use, and fail with the cause of their context once
// that has ended.
//
// A type may be a Store as well. Its records of unfinished uploads are then separate from
// these, and a crash that undoes SaveFinished must also undo each later Delete of a record.
type Ledger interface {
	// LoadFinished returns the record that was saved last under the key, for an
	// endpoint in the form of Record.Endpoint. The record belongs to the caller, and its
	// Revision is "". The error Is ErrNoRecord if there is none. It Is ErrRecordDamaged,
	// once, if some of the content cannot be read; the next call ignores that part.
	LoadFinished(ctx context.Context, endpoint, key string) (*Record, error)

	// SaveFinished keeps the record of a finished upload, or of one that the server refused in
	// the end (Record.Denial), in place of an earlier one of the same Endpoint and Key,
	// whatever the revisions. It keeps nothing that r points to, and leaves r as it is. The
	// error Is ErrInvalidRecord if Record.Validate refuses the record.
	SaveFinished(ctx context.Context, r *Record) error
}

// EmptyLedger is a Ledger that can tell at once that it has no finished upload. It is optional: a
// client then need not compute the key of each source before it is sent.
type EmptyLedger interface {
	// IsEmpty reports whether LoadFinished would find no record, whatever the key. A Ledger that
	// does not know returns false. The method is safe for concurrent use.
	IsEmpty() bool
}
