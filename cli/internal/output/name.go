package output

import "unicode/utf8"

// Name is the name of a file in JSON, which cannot contain bytes that are not UTF-8.
type Name struct {
	// File is the name. Each byte that is not UTF-8 is replaced by U+FFFD.
	File string `json:"file,omitempty"`

	// FileBytes are the bytes of the name, in base64. They are left out if the
	// name is UTF-8.
	FileBytes []byte `json:"file_bytes,omitempty"`
}

func newName(file string) Name { return Name{File: file, FileBytes: Bytes(file)} }

// Bytes returns the bytes of a text that JSON cannot contain, because it is not
// UTF-8, and nil for all other texts.
func Bytes(s string) []byte {
	if utf8.ValidString(s) {
		return nil
	}
	return []byte(s)
}
