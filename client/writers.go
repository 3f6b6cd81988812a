package client

// writers says whether any process could write to an open file.
type writers uint8

const (
	writersUnknown writers = iota // the system does not say
	writersNone
	writersFound // a file is open for writing, or a writable mapping of it exists
)
