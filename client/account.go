package client

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// maxAccount is the most bytes of an account's name.
const maxAccount = 256

// CheckAccount checks a name under the rules of Config.Account: at most 256 bytes
// of UTF-8, all of them printable characters or spaces. "" passes. The error Is
// [ErrInvalidOption] and does not repeat the name.
func CheckAccount(name string) error {
	switch {
	case len(name) > maxAccount:
		return fmt.Errorf("%w: account of %d bytes, more than %d", ErrInvalidOption, len(name), maxAccount)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: account is not UTF-8", ErrInvalidOption)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: account holds the character %U", ErrInvalidOption, r)
		}
	}
	return nil
}

// key names the records of this client for an upload of the source to endpoint.
// It is "" where no later run could find the source again.
func (t *transfer) key(endpoint string) string {
	return t.src.fingerprint(endpoint, t.c.account)
}
