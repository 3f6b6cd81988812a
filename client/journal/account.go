package journal

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client/failure"
)

// maxAccount is the most bytes of an account's name.
const maxAccount = 256

// CheckAccount checks a name under the rules of Record.Account: at most 256 bytes
// of UTF-8, all of them printable characters or spaces.
// "" passes. The error Is failure.ErrInvalidOption and does not repeat the name.
func CheckAccount(name string) error {
	switch {
	case len(name) > maxAccount:
		return fmt.Errorf("%w: account of %d bytes, more than %d", failure.ErrInvalidOption, len(name), maxAccount)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: account is not UTF-8", failure.ErrInvalidOption)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: account holds the character %U", failure.ErrInvalidOption, r)
		}
	}
	return nil
}
