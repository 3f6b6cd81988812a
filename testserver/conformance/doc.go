// Package conformance checks a server against tus 1.0.0, one rule for each
// requirement that the specification lays on servers.
//
// In a test of the server's own:
//
//	func TestConformance(t *testing.T) {
//		conformance.Test(t, "http://127.0.0.1:1080/files/")
//	}
//
// Elsewhere, [Run] returns a [Report], which can be written as a table, as JSON
// and as JUnit XML. [Rules] lists what is checked, and [Untested] the
// requirements that no request can check, each with the reason.
//
// # On a live server
//
// Each rule makes its own uploads, of at most 16 KiB, and deletes them where the
// server announces termination; Report.Left counts those that stay. Without
// Tus-Max-Size one upload is created with a length of 2^53-1 bytes, of which none
// are sent. The rules run one after the other, the number of requests and the
// time are bounded, and a server that asks for fewer requests is given time.
//
// # What a status means
//
// A broken MUST fails, a broken SHOULD warns. A rule is skipped where what it is
// about is not there: an extension that is not announced, a header that is not
// sent. It is unable where it could not be tried, because the server refused
// something else on the way there, for example; Result.Why says what.
package conformance
