package journal

import "errors"

// Errors of a Store; test for them with errors.Is.
var (
	// ErrNoRecord means that nothing is stored under the key.
	ErrNoRecord = errors.New("no record")

	// ErrBusy means that somebody else holds the lock of the key: another
	// process, or another goroutine of this one.
	ErrBusy = errors.New("locked by another upload")

	// ErrRecordDamaged means that the record could not be read and that the
	// store has put it aside where it can. There is no record to go on from.
	ErrRecordDamaged = errors.New("record is damaged")

	// ErrRecordVersion means that a newer version wrote the record. It stays
	// as it is, and nothing may be saved in its place.
	ErrRecordVersion = errors.New("record is of a newer version")

	// ErrInvalidRecord means that a record or a key breaks the rules of
	// Record.Validate.
	ErrInvalidRecord = errors.New("invalid record")
)
