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

// MaySuffice reports whether this process may open so many more files than n that it need not
// look for spare ones, whatever else it does. It is false if the limit is not known.
func MaySuffice(n int) bool {
	const others = 128 // files that the rest of a program has open
	limit, known := fileLimit()
	return known && limit/2 >= uint64(n+others) //nolint:gosec // n is not negative
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
