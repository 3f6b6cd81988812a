package config

import (
	"fmt"
	"io/fs"
)

// AccessError means that a file cannot be trusted, because another user can change it. A
// config file can name a token command that is run, and decides where bytes and
// credentials go. OpenSSH has the same rule for its config file.
type AccessError struct {
	// Mode is the mode of the file.
	Mode fs.FileMode

	// Foreign means that the file belongs to Owner, who is neither the user nor root. It
	// is false if the Mode is the reason.
	Foreign bool
	Owner   int
}

// Error returns the reason, without the name of the file.
func (e *AccessError) Error() string {
	if e.Foreign {
		return fmt.Sprintf("it belongs to uid %d, neither to you nor to root", e.Owner)
	}
	return fmt.Sprintf("others can write to it (mode %04o)", e.Mode.Perm())
}

// CheckAccess decides whether the user may trust a file with this mode and owner. Both
// are ids of a system that has them. The mode of a device, such as /dev/null, does not
// say who controls its content. The error is an *AccessError.
func CheckAccess(mode fs.FileMode, owner, user int) error {
	const groupAndOthersWrite = 0o022
	switch {
	case owner != user && owner != 0:
		return &AccessError{Mode: mode, Foreign: true, Owner: owner}
	case mode&fs.ModeDevice == 0 && mode.Perm()&groupAndOthersWrite != 0:
		return &AccessError{Mode: mode}
	}
	return nil
}
