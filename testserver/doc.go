// Package testserver runs tusd, the reference tus server, inside the program
// that tests against it, and breaks it on demand.
//
// A [Server] is a real tusd: its file store, its locks, its answers. In front
// of it stands a queue of faults, each of which spoils one request in the way
// a server, a proxy or a network is known to:
//
//	func TestResume(t *testing.T) {
//		srv := testserver.New(t, testserver.Config{})
//		srv.Inject(testserver.Fault{
//			Method: http.MethodPatch,
//			Do:     testserver.CutAfter(1 << 20),
//		})
//		url := uploadWithTheCodeUnderTest(t, srv.URL(), content)
//		got, err := srv.Bytes(url)
//		// compare got with content, and srv.Requests() with what was expected
//	}
//
// [Start] does the same for a program that is not a test.
//
// # Faults
//
// A [Fault] fires once unless it says otherwise. For each request the first
// fault of the queue that matches it fires, so a fault for PATCH lets a HEAD
// pass. [Server.Pending] tells which have not fired yet.
//
// The connection:
//
//	Reset               lost before a request: a proxy restarts, a NAT forgets
//	CutAfter            lost in a request: a cable pulled, a change of networks
//	DropReply           lost after a request: everything is stored, nobody knows
//	Stall, StallAfter   a peer that is alive and does nothing
//	BlackHole           a peer that is dead, and nobody says so
//	Throttle            a slow link, or a proxy that shapes traffic
//
// Answers in tusd's place:
//
//	Status              a proxy, a gateway or a server under load answers
//	EarlyAnswer         the same, while the body still flows
//	RetryAfter,
//	RetryAfterDate      a server that wants fewer requests
//	Locked, LockTimeout another request still holds the upload
//	UntilTokenChanges   a token expires in mid upload
//	Redirect            a server that has moved, or a load balancer
//
// Proxies that do something to bodies:
//
//	Buffer              nothing arrives until the whole body did
//	BodyLimit           413 that is not from tus
//
// Storage, and answers that are not what was meant:
//
//	SlowFinish          the answer to the last byte takes its time
//	RewindTo            the store loses its tail, the offset goes back
//	Forget              an upload that expired or was cleaned away
//	Offset, OffsetDelta,
//	OffsetHeader        a server that claims less, or more, than it got
//	Location, LocationQuery,
//	LocationOrigin      where servers say that an upload is
//	SetHeader,
//	RewriteHeader       a proxy or a gateway that edits answers
//
// [Chain] joins several of them for one request, and an [ActionFunc] is a
// fault of one's own.
//
// Where a connection is reset, a client of HTTP/1.1 over TCP or TLS finds
// ECONNRESET or EPIPE, or net.ErrClosed where Go's transport was still writing
// the body when it read of the reset. A client of HTTP/2 finds its stream
// reset and its connection whole. A client over a [Network] finds what it
// finds over TCP.
//
// # What the server saw
//
// [Server.Requests] lists the latest requests with the bytes that were read
// from their bodies and the status that was sent. [Server.Bytes],
// [Server.Open], [Server.Path], [Server.Info] and [Server.Uploads] look into
// the store itself, past tusd.
//
// # Virtual time
//
// With a [Network] in place of TCP a server runs inside a testing/synctest
// bubble, where a wait of thirty seconds takes none. It then speaks plain HTTP,
// without TLS. [Server.Close] leaves no goroutine behind, so the bubble ends.
package testserver
