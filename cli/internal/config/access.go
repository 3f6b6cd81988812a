package config

import (
	"fmt"
	"io/fs"
)

// AccessError means that a file is not to be trusted, because somebody else can
// change it: what a config file says is run, as a token command, and decides where
// bytes and credentials go. The rule is that of OpenSSH for its own config file.
type AccessError struct {
	// Mode is that of the file.
	Mode fs.FileMode

	// Foreign tells that the file belongs to Owner, who is neither the user nor
	// root. It is false where the Mode is the reason.
	Foreign bool
	Owner   int
}

// Error gives the reason, without the name of the file.
func (e *AccessError) Error() string {
	if e.Foreign {
		return fmt.Sprintf("it belongs to uid %d, neither to you nor to root", e.Owner)
	}
	return fmt.Sprintf("others can write to it (mode %04o)", e.Mode.Perm())
}

// CheckAccess decides whether user may trust a file with that mode and owner, which
// are ids of a system that has them. The mode of a device, such as /dev/null, says
// nothing about who decides what is read from it. The error is an *AccessError.
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
