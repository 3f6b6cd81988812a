// Package rufhserver runs a server for the IETF's Resumable Uploads for HTTP inside the
// program that tests a client, and injects faults into its requests. Package rufh has the
// protocol as values, and the drafts that its interop versions stand for.
//
// A [Server] is strict: it refuses what the draft of the client's version does not allow, and
// says why in the content of the response. Uploads are in memory. A complete upload is
// given to Config.Target as the request that the client wanted to make.
//
//	func TestResume(t *testing.T) {
//		srv := rufhserver.New(t, rufhserver.Config{Versions: []rufh.Version{8}})
//		srv.Inject(testserver.Fault{Do: testserver.CutAfter(1 << 20)})
//		uploadWithTheCodeUnderTest(t, srv.URL(), content)
//		uploads, err := srv.Uploads()
//		got, err := srv.Bytes(uploads[0])
//		// compare got with content, and srv.Requests() with what was expected
//	}
//
// Uploads have URLs below "uploads/" at the base path. Each other path at or below the base
// path is a target, for every method.
//
// # Behavior that the drafts leave open
//
// A new request to an upload takes it over: the server resets the request that held it, and
// keeps what that request has stored. Lengths that contradict each other get 400, and content
// beyond the length makes an upload invalid since version 7. Content for a complete upload
// gets 400; an empty append that completes it again gets the final response again. Content
// that is too small for min-append-size gets 400. An upload that is too small for min-size is
// an ordinary request.
//
// Pages of all origins may use the server, and see the fields of its responses (CORS). An answer to
// OPTIONS names the interop version that the server would speak with the client.
//
// # Faults
//
// The faults of package testserver apply, such as CutAfter, Stall, Status and DropReply. Its
// Forget, RewindTo and SlowFinish need tusd, and those of this package replace them. These
// faults are added:
//
//	NoInterim       a server or proxy that cannot send a 104
//	LateInterim     a proxy that forwards a 104 when content has arrived
//	FloodInterim    a server that sends a 104 many times
//	InterimHeader   a 104 of another version, or with another Location
//	AsNginx         nginx with HTTP/2, which takes the 104 for the final response
//	EarlyFinal      a target that answers before the content has arrived
//	OffsetOnly      a HEAD that tells the offset and nothing else
//	NoOffset        an error that does not tell the offset
//	Forget          an upload that has expired
//	RewindTo        a server that has lost bytes
//	SlowFinish      a target that takes its time
package rufhserver
