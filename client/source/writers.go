package source

// Writers says whether any process could write to an open file.
type Writers uint8

// The values of Writers.
const (
	WritersUnknown Writers = iota // the system does not say
	WritersNone                   // no other process can write to the file
	WritersFound                  // a file is open for writing, or a writable mapping of it exists
)
