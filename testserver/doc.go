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
// # Extensions that tusd lacks
//
// tusd has neither checksum, checksum-trailer, expiration nor
// concatenation-unfinished. A [Config] adds each of them, and OPTIONS announces
// exactly what is on; the zero value is tusd as it is.
//
//	Checksum            a chunk is stored once it agrees with Upload-Checksum:
//	                    400 for what cannot be compared, 460 where it differs,
//	                    and nothing has changed
//	ChecksumTrailer     the same, with the checksum behind the body
//	Expiration          Upload-Expires, and 410 once the time is over
//	ConcatUnfinished    a final upload may come before its parts are done, and
//	                    is whole when the last of them is
//
// What the specification leaves to the server: a header Upload-Checksum has to
// be exactly as it says, with padded base64. A creation whose checksum fails
// creates nothing. An announced trailer that does not come is a 400. Only a
// chunk that has come whole can be compared, so a chunk with a checksum that is
// cut is lost, where tusd keeps what it got of one without. Uploads expire so
// long after their creation, whatever happens to them in between; a request
// that began in time may end later, and finish its upload. An unfinished upload
// is taken for a part only if it was created as one, and a part that is deleted
// too early leaves its final upload unfinished for good.
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
