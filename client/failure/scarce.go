package failure

import (
	"errors"
	"net"
	"os"
	"slices"
)

// ErrScarce means that this machine lacks a resource for the moment, such as descriptors of
// open files or free ports. Another upload gives such a resource back when it ends. The error
// also Is that of the system, such as syscall.EMFILE, if there is one.
var ErrScarce = errors.New("this machine has no more open files or ports")

// IsScarce reports whether err means that this machine lacks a resource for the moment.
func IsScarce(err error) bool {
	if errors.Is(err, ErrScarce) {
		return true
	}
	if isOneOf(err, scarceErrors) {
		return true
	}
	// An error of a name lookup does not wrap the reason why it could not be sent.
	_, dns := errors.AsType[*net.DNSError](err)
	return dns && !HasSpareFiles(1)
}

// HasSpareFiles reports whether this process can open n more files now.
func HasSpareFiles(n int) bool {
	for range n {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return !isOneOf(err, scarceErrors)
		}
		defer func() { _ = f.Close() }()
	}
	return true
}

func isOneOf(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
