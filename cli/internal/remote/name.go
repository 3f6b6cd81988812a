package remote

import (
	"fmt"
	"os"
	"strings"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
)

// NameError means that a FILE looks like one that is not on this machine and cannot be read: its
// URL is malformed, or has another scheme than http, https and s3.
type NameError struct {
	// Err is the reason.
	Err error

	hint string
}

// Error returns the text of the reason.
func (e *NameError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *NameError) Unwrap() error { return e.Err }

const formHint = "a file that is not on this machine is named like https://host/file or s3://bucket/key"

// Check returns a *NameError if a FILE for which IsName is true is malformed.
func Check(file string) error {
	var err error
	if s3.IsLocation(file) {
		_, err = s3.Parse(file)
	} else {
		_, err = httpsource.ParseURL(file)
	}
	if err != nil {
		return &NameError{err, formHint}
	}
	return nil
}

// CheckLocal returns a *NameError if a FILE for which IsName is false looks like a URL, and no file
// of this machine has the name.
func CheckLocal(file string) error {
	scheme, rest, ok := strings.Cut(file, ":")
	if !ok || !isScheme(scheme) || !strings.HasPrefix(rest, "/") {
		return nil
	}
	_, isURL := strings.CutPrefix(rest, "//")
	known := IsName(scheme + "://")
	if !isURL && !known {
		return nil
	}
	if _, err := os.Lstat(file); err == nil {
		return nil
	}
	switch {
	case known:
		return &NameError{fmt.Errorf("%w: two slashes follow the scheme", client.ErrInvalidURL), formHint}
	case strings.EqualFold(scheme, "file"):
		return &NameError{fmt.Errorf("%w: files are not named by file:// URLs", client.ErrInvalidURL), "name the file by its path"}
	}
	return &NameError{fmt.Errorf("%w: files at %s:// URLs cannot be read", client.ErrInvalidURL, scheme), formHint + "; other ones can be sent as a stream: COMMAND | tusker upload ENDPOINT -"}
}

// isScheme reports whether a scheme can have that name. Drives of Windows have one letter.
func isScheme(s string) bool {
	const others = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-"
	return len(s) > 1 && strings.Trim(s, others) == "" && strings.Trim(s[:1], "0123456789+.-") != ""
}
