package journal

import (
	"fmt"
	"strings"
)

const maxKey = 128

// CheckKey checks a key under the rules of Record.Key, so that it can be a file
// name everywhere. The error Is [ErrInvalidRecord].
func CheckKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: empty key", ErrInvalidRecord)
	case len(key) > maxKey:
		return fmt.Errorf("%w: key of %d bytes, more than %d", ErrInvalidRecord, len(key), maxKey)
	}
	for i := range len(key) {
		c := key[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return fmt.Errorf("%w: key %q: only a to z, 0 to 9, _ and - are allowed", ErrInvalidRecord, key)
		}
	}
	if isDevice(key) {
		return fmt.Errorf("%w: key %q names a device on Windows", ErrInvalidRecord, key)
	}
	return nil
}

func isDevice(key string) bool {
	switch key {
	case "con", "prn", "aux", "nul":
		return true
	}
	number, ok := strings.CutPrefix(key, "com")
	if !ok {
		number, ok = strings.CutPrefix(key, "lpt")
	}
	return ok && len(number) == 1 && number[0] <= '9' && number[0] >= '0'
}

// placeDigits is the number of hexadecimal digits of PlaceSuffix.
const placeDigits = 16

// PlaceSuffix returns the end of the key of a record that all records of sources at the same
// place have: a hyphen and 16 hexadecimal digits in lower case. It is "" for a key without such
// an end. A store can keep an index by it, see [SuffixLister].
func PlaceSuffix(key string) string {
	at := len(key) - placeDigits - 1
	if at < 0 || key[at] != '-' {
		return ""
	}
	for i := at + 1; i < len(key); i++ {
		if c := key[i]; (c < 'a' || c > 'f') && (c < '0' || c > '9') {
			return ""
		}
	}
	return key[at:]
}
