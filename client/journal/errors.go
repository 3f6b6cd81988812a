package journal

import "errors"

// Errors of a Store; test for them with errors.Is.
var (
	// ErrNoRecord means that nothing is stored under the key.
	ErrNoRecord = errors.New("no record")

	// ErrBusy means that another upload holds the lock of the key, in this process or in
	// another one.
	ErrBusy = errors.New("locked by another upload")

	// ErrConflict means that the store has another revision of the record than the one
	// that the caller knows, so nothing was saved or deleted. Another run has taken the
	// upload over. Load the record again to resume from it.
	ErrConflict = errors.New("another run has changed the record")

	// ErrLeaseLost is the cause of a context whose lease was lost, see Leaser. Another
	// run may have taken the upload over.
	ErrLeaseLost = errors.New("lease was lost")

	// ErrUnrecorded means that an upload may only be sent with a record, and that there is
	// none. It is worth a retry if the store failed.
	ErrUnrecorded = errors.New("upload is not recorded")

	// ErrRecordDamaged means that the record cannot be read. The store moves it aside if
	// it can, and it counts as no record.
	ErrRecordDamaged = errors.New("record is damaged")

	// ErrRecordVersion means that a newer version of the program wrote the record. The
	// record stays, and nothing may be saved in its place.
	ErrRecordVersion = errors.New("record is of a newer version")

	// ErrInvalidRecord means that a record or a key breaks the rules of Record.Validate.
	ErrInvalidRecord = errors.New("invalid record")
)
