package fleet

// Class is why an item failed.
type Class string

// The classes of failed results. The doc comment of each says what to do.
const (
	// ClassNone: the item did not fail.
	ClassNone Class = ""

	// ClassChanged: the file has another size, time or content than when it was added, or
	// changed during its upload. Add it again.
	ClassChanged Class = "changed"

	// ClassMissing: the file does not exist. Add it again when it does.
	ClassMissing Class = "missing"

	// ClassUnreadable: the file cannot be read. Make it readable and retry the item.
	ClassUnreadable Class = "unreadable"

	// ClassUncertain: all bytes may have been sent, and the server no longer has the upload,
	// so it may be complete and moved away. Look for it at the server. To retry the item
	// sends it again.
	ClassUncertain Class = "uncertain"

	// ClassRefused: the server refused the upload in a way that no retry changes.
	ClassRefused Class = "refused"

	// ClassExhausted: every attempt failed with an error that is worth a retry.
	ClassExhausted Class = "exhausted"

	// ClassPoison: at least five workers in a row died after they had begun the item, and its
	// upload came no further.
	ClassPoison Class = "poison"

	// ClassRecord: a newer version of the program wrote the record of the item. Update the
	// workers and retry the item.
	ClassRecord Class = "record"

	// ClassInvalid: the message of the item in the queue cannot be read.
	ClassInvalid Class = "invalid"
)
