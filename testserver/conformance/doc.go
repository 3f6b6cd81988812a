// Package conformance checks a server against tus 1.0.0, or against the IETF's Resumable
// Uploads for HTTP, with one rule for each requirement of the specification on servers.
//
// A test of the server calls [Test]:
//
//	func TestConformance(t *testing.T) {
//		conformance.Test(t, "http://127.0.0.1:1080/files/")
//	}
//
// A program calls [Run], which returns a [Report]. A report can be written as a
// table, as JSON and as JUnit XML. [Protocol.Rules] returns the rules, and
// [Protocol.Untested] the requirements that no request can check, each with the reason.
//
// Options.Protocol chooses the protocol. This test checks a server against the drafts with
// the interop version 8:
//
//	func TestConformanceRUFH(t *testing.T) {
//		conformance.Check(t, conformance.Run(t.Context(), http.DefaultClient, "http://127.0.0.1:1080/files/",
//			&conformance.Options{Protocol: conformance.RUFH(8)}))
//	}
//
// The doer must report interim responses through net/http/httptrace, as net/http does.
//
// # Effects on the server
//
// Each rule creates uploads of at most 16 KiB and deletes them, in tus if the server
// announces termination. Report.Left counts the uploads that remain. Without
// Tus-Max-Size, one rule of tus creates an upload with a length of 2^53-1 bytes and
// sends none of them. Rules of RUFH complete some uploads, and send a few requests
// that are not resumable, so the target gets them. The rules run one after the other. The number of
// requests and the time are limited, and the run waits if the server asks for it with Retry-After.
//
// # Statuses
//
// A rule has the status Fail if a MUST is broken, and Warn if a SHOULD is
// broken. It has the status Skip if it does not apply, because the server does
// not announce an extension or does not send a header. It has the status Unable
// if it could not be checked, for example because the server refused a request
// that the rule needs; Result.Why gives the reason. A MUST of the core protocol
// that is Unable because the server did not answer fails the run. A run that
// could check less than half of the rules that apply has the obstacle
// [ErrInconclusive].
package conformance
