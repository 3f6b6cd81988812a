package network

import (
	"errors"
	"net"
	"os"
	"slices"

	"github.com/tusker-go/tusker/client/failure"
)

// IsScarce reports whether err means that this machine lacks a resource for the moment.
func IsScarce(err error) bool {
	if errors.Is(err, failure.ErrScarce) {
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
