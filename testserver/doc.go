// Package testserver runs tusd, the reference tus server, inside the program
// that tests a client, and injects faults into the requests.
//
// A [Server] is a real tusd with its file store and its locks. A queue of
// faults stands in front of tusd. Each fault changes one request in a way that
// real servers, proxies and networks are known for:
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
// A [Fault] applies to one request unless Times says otherwise. For each
// request, the server takes the first fault of the queue that matches. A fault
// for PATCH therefore does not delay a HEAD. [Server.Pending] returns the
// faults that are still in the queue.
//
// Faults of the connection:
//
//	Reset               connection lost before a request: a proxy restarts
//	CutAfter            connection lost during a request: a cable is pulled
//	DropReply           connection lost after a request: the answer is lost
//	Stall, StallAfter   the server is alive and does not read or answer
//	BlackHole           the server is dead and the connection stays open
//	Throttle            a slow link, or a proxy that limits the rate
//
// Answers in the place of tusd:
//
//	Status              a proxy, a gateway or an overloaded server answers
//	EarlyAnswer         the same, before the whole body has arrived
//	RetryAfter,
//	RetryAfterDate      a server that asks for fewer requests
//	Locked, LockTimeout another request still holds the lock of the upload
//	UntilTokenChanges   a token expires during an upload
//	Redirect            a server that has moved, or a load balancer
//
// Proxies that change how bodies arrive:
//
//	Buffer              tusd gets the body when it is complete
//	BodyLimit           a proxy refuses a large body with 413
//
// Faults of the storage, and answers with wrong headers:
//
//	SlowFinish          the answer to the last byte is late
//	RewindTo            the store loses stored bytes, so the offset decreases
//	Forget              the upload has expired or was deleted
//	Offset, OffsetDelta,
//	OffsetHeader        the server reports a wrong offset
//	Location, LocationQuery,
//	LocationOrigin      the forms in which servers write a Location
//	SetHeader,
//	RewriteHeader       a proxy or a gateway that changes headers
//
// [Chain] applies several actions to one request. An [ActionFunc] is an action
// that the caller defines.
//
// A client of HTTP/1.1 over TCP or TLS sees a reset as ECONNRESET or EPIPE. It
// sees net.ErrClosed if Go's transport noticed the reset while it was still
// writing the body. A client of HTTP/2 sees a reset stream, and its connection
// stays open. A client over a [Network] sees the same errors as over TCP.
//
// # Browsers
//
// tusd allows pages of all origins, and so does an answer that a fault gives in
// place of tusd: it has the headers of CORS that tusd would send, also in answer
// to a preflight. A page can send Upload-Checksum and read the headers of all
// extensions of tus. A fault without a Method also applies to a preflight, and
// the page then sees a network error unless the status is a 2xx.
//
// # Extensions that tusd lacks
//
// tusd lacks checksum, checksum-trailer, expiration and
// concatenation-unfinished. A [Config] adds each of them, and OPTIONS announces
// those that are enabled. The zero Config is tusd without additions.
//
//	Checksum            a chunk is stored after its Upload-Checksum matched;
//	                    400 for an invalid checksum, 460 for a mismatch, and
//	                    neither changes the upload
//	ChecksumTrailer     the same, with the checksum in a trailer
//	Expiration          Upload-Expires, and 410 after that time
//	ConcatUnfinished    a final upload may be created before its parts are
//	                    complete, and completes with the last of them
//
// The specification leaves some behavior to the server. This server behaves as
// follows. The value of Upload-Checksum must have the exact form of the
// specification, with padded base64. A creation whose checksum does not match
// creates no upload. A trailer that is announced and missing gets 400. A chunk
// with a checksum is lost if the request is cut, because only a complete chunk
// can be verified; tusd keeps the received bytes of a chunk without a checksum.
// The expiration time is fixed at the creation of an upload. A request that
// began before that time may end after it and complete the upload. An
// incomplete upload can be part of a final upload only if it was created as a
// partial upload. A final upload stays incomplete if one of its parts is
// deleted before it is complete.
//
// # Requests and the store
//
// [Server.Requests] lists the latest requests, with the number of bytes read
// from each body and the status of each answer. [Server.Bytes], [Server.Open],
// [Server.Path], [Server.Info] and [Server.Uploads] read the store directly,
// without a request to tusd.
//
// # Virtual time
//
// With a [Network] instead of TCP, a server runs inside a testing/synctest
// bubble, in which a wait of thirty seconds takes no real time. The server then
// speaks plain HTTP without TLS. [Server.Close] ends all goroutines of the
// server, so the bubble can end.
package testserver
