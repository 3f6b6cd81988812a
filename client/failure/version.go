package failure

import "fmt"

// VersionError means that the server names another version of Resumable Uploads for HTTP than
// that of the request. It Is ErrNotRUFH.
type VersionError struct {
	// Server and Client are the values of client.Config.Protocol for the two versions, such as
	// "rufh/8".
	Server, Client string

	// Err is what is wrong with the response. nil: it only names the version.
	Err error
}

// Error returns one line.
func (e *VersionError) Error() string {
	text := fmt.Sprintf("the server speaks %s, and the request was %s", e.Server, e.Client)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is reports whether target is ErrNotRUFH.
func (e *VersionError) Is(target error) bool { return target == ErrNotRUFH }

// Unwrap returns Err.
func (e *VersionError) Unwrap() error { return e.Err }
