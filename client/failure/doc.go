// Package failure says what went wrong with an upload or a download: the sentinel
// errors, the facts about a failed exchange ([Error]), and the meaning of the
// failure for the upload ([Class]).
//
// Test for the meaning with errors.Is against the sentinels of this package and of
// package protocol. Get the facts with errors.As and *Error. Package client
// re-exports the names that a program usually needs.
package failure
