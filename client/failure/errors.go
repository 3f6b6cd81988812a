package failure

import (
	"errors"
	"fmt"
)

// Errors that are found before a request is sent.
var (
	// ErrNoEndpoint means that a call needs an endpoint and the Client has none.
	ErrNoEndpoint = errors.New("no endpoint configured")

	// ErrInvalidURL means that a URL is not an absolute http or https URL.
	ErrInvalidURL = errors.New("invalid URL")

	// ErrInvalidOption means that an option has a value that makes no sense, or
	// that a header cannot be sent.
	ErrInvalidOption = errors.New("invalid option")

	// ErrUnsupported means that the server does not announce an extension that a
	// call needs.
	ErrUnsupported = errors.New("server does not support")
)

// Errors of sources. Each of the others Is [ErrSource] as well. Only
// ErrSourceUnavailable is worth a retry.
var (
	// ErrSource means that the bytes to be sent could not be read.
	ErrSource = errors.New("source")

	// ErrSourceChanged means that a source no longer has the bytes, or the number
	// of bytes, that it had when the upload began.
	ErrSourceChanged = errors.New("source changed")

	// ErrSourceUnavailable means that a source could not be read now, although it still has
	// its bytes. It is worth a retry.
	ErrSourceUnavailable = errors.New("source unavailable")

	// ErrSpool means that the temporary file of a stream, whose length the server has to
	// know, could not be written: the folder for temporary files is full or missing.
	ErrSpool = errors.New("temporary file")

	// ErrSourceInUse means that another program has the file open for writing, and that
	// the upload was told to refuse such a file.
	ErrSourceInUse = errors.New("another program has the file open for writing")

	// ErrUnconfirmed means that the server has all bytes, and that the context ended before
	// the file could be checked for changes. The file was modified shortly before the upload.
	// Its times do not show a second change within the same step of the file system's clock,
	// so the check has to wait until that step has passed. The error Is the cause of the
	// context as well.
	ErrUnconfirmed = errors.New("the server has all bytes, but the file was not checked for changes")

	// ErrSourceWindow means that the server asks again for bytes of a stream that
	// the stream no longer keeps.
	ErrSourceWindow = errors.New("stream no longer has these bytes")

	// ErrUnacknowledged means that the server did not say in time how much of a stream it has,
	// so that the stream had no room for further bytes. The upload continues with smaller
	// requests.
	ErrUnacknowledged = errors.New("server does not acknowledge bytes while it receives them")

	// ErrSourceUsed means that a stream was passed to a second upload.
	ErrSourceUsed = errors.New("stream was read before")
)

// Errors of exchanges.
var (
	// ErrRedirected means that a redirect would have changed the request, or
	// changed it: a POST, PATCH or DELETE must not become a GET. The text of the
	// error names the new address if the server gave one. If the answer was a 3xx,
	// the error Is [protocol.ErrRedirect] as well.
	ErrRedirected = errors.New("redirected")

	// ErrNotTus means that something other than a tus server answered with a
	// success: the URL belongs to another service, or something stands between,
	// such as a Wi-Fi network that wants a login.
	ErrNotTus = errors.New("the answer is not that of a tus server")

	// ErrInterim means that the server sent too many interim responses (1xx) that say nothing
	// new.
	ErrInterim = errors.New("too many interim responses")

	// ErrNotRUFH means that a success does not have the fields that Resumable Uploads for HTTP
	// demand: the server does not know the protocol, or something stands between, such as
	// a Wi-Fi network that wants a login. It also Is ErrNotTus, which stands for such an
	// answer in every protocol.
	ErrNotRUFH error = otherServer("the answer is not that of a server for resumable uploads")

	// ErrOtherProtocol means that the server speaks tus and not the protocol of the request. It
	// has not stored anything.
	ErrOtherProtocol = errors.New("the server speaks tus")

	// ErrLimits means that the limits of the server do not allow the upload, or contradict each
	// other. The error Is protocol.ErrTooLarge as well if the upload is too large.
	ErrLimits = errors.New("limits of the server")

	// ErrRelocated means that the server named two URLs for one upload. The upload was
	// canceled.
	ErrRelocated = errors.New("the server named two URLs for the upload")

	// ErrEarly means that the server completed the upload before it was sent all bytes.
	ErrEarly = errors.New("the server completed the upload before all bytes were sent")

	// ErrIncomplete means that the server has all bytes and does not complete the upload.
	ErrIncomplete = errors.New("the server has all bytes, but does not complete the upload")

	// ErrStalled means that a request showed no sign of life for longer than the
	// stall or finish timeout allows. It is worth a retry.
	ErrStalled = errors.New("stalled")

	// ErrThrottled means that the host asked another upload or download of the same Client
	// for fewer requests. It is the reason of a wait, together with the answer that the
	// other one got.
	ErrThrottled = errors.New("host asked for fewer requests")

	// ErrUntrusted means that one side of a TLS handshake did not trust the other:
	// the server's certificate could not be verified, or the server refused the
	// client's.
	ErrUntrusted = errors.New("certificate not trusted")

	// ErrInvalidLocation means that the server's Location is not a URL that an
	// upload can be sent to, or that it belongs to another upload of the same Client: one
	// that is under way, a part of the same upload, or one of many
	// (client.UploadOptions.OneOfMany).
	ErrInvalidLocation = errors.New("invalid location")

	// ErrInsecureLocation means that the server answered over https with a
	// Location on http. A server behind a proxy that ends TLS has to be configured
	// to trust the proxy's forwarded headers.
	ErrInsecureLocation = errors.New("location changes from https to http")
)

// Errors of uploads on whose state the server and the client disagree.
var (
	// ErrLengthMismatch means that the upload at a URL was created for another
	// number of bytes than the source has.
	ErrLengthMismatch = errors.New("length mismatch")

	// ErrIntegrity means that the server claims to hold bytes that it was never
	// sent.
	ErrIntegrity = errors.New("server names a higher offset than was sent")

	// ErrUncertain means that the upload was gone when the server was asked about
	// its end, after all bytes had been sent: it may be complete and moved away,
	// or lost. It is not sent again.
	ErrUncertain = errors.New("all bytes were sent, but the upload is no longer there to confirm it")

	// ErrMisplaced means that nothing answers for an upload that was just created: the
	// server's Location is wrong, or leads to another server. No bytes have arrived. The
	// error Is protocol.ErrNotFound or ErrNotTus as well if that was the answer.
	ErrMisplaced = errors.New("no upload at the URL that the server returned")

	// ErrPatchBlocked means that HEAD finds the upload, and that PATCH is answered with 404: the
	// nodes behind a load balancer do not share their uploads, or a firewall blocks PATCH. The
	// upload is still there, and a later run resumes it. The error Is protocol.ErrNotFound as
	// well.
	ErrPatchBlocked = errors.New("HEAD finds the upload, but PATCH does not")

	// ErrNoProgress means that the server acknowledged a request without keeping
	// any of its bytes. It is worth a retry.
	ErrNoProgress = errors.New("server stored none of the bytes")

	// ErrPart means that one part of an upload in parts failed, and why.
	ErrPart = errors.New("part")
)

// Errors of verification.
var (
	// ErrDifferent means that an upload is complete and that the server holds
	// other bytes than the source has.
	ErrDifferent = errors.New("server holds other bytes than were sent")

	// ErrUnverified means that an upload is complete, and that the server offers
	// no way to find out whether it holds the right bytes.
	ErrUnverified = errors.New("upload is complete, but the server offers no way to verify it")
)

// Errors of downloads.
var (
	// ErrUnfinished means that the upload is not complete, so there is nothing to
	// download yet.
	ErrUnfinished = errors.New("upload is not complete")

	// ErrNotServed means that the server has the upload but does not answer a GET
	// of it.
	ErrNotServed = errors.New("server has the upload but does not allow its download")

	// ErrContent means that an answer is not the bytes of the upload: it has
	// another length, or is compressed, or is not the range that was asked for.
	ErrContent = errors.New("not the content of the upload")

	// ErrContentChanged means that the server's content changed while it was
	// downloaded, or that nothing shows whether it did.
	ErrContentChanged = errors.New("content changed while it was downloaded")

	// ErrOtherServer means that a response lacks what earlier ones of the server had, such
	// as the login page of a Wi-Fi network. None of it is written, and the request is
	// retried.
	ErrOtherServer = errors.New("response is not from the server that has the content")

	// ErrCompressed means that a response is compressed although it was not requested.
	// It Is ErrContent as well.
	ErrCompressed = fmt.Errorf("%w: it is compressed", ErrContent)
)

// ErrRefused means that the server answered the last bytes of an upload with a refusal,
// such as that of a hook which does not accept the content. The error holds an [*Error]
// with the server's status, code and text. A later run with a store gets the same error and
// sends nothing, unless the server has lost bytes of the upload since. To start over, ask
// for a new upload (client.RecreateAlways).
var ErrRefused = errors.New("server refused the upload")

// ErrNoAnswer means that a Doer returned neither an answer nor an error.
var ErrNoAnswer = errors.New("the Doer returned neither an answer nor an error")

// ErrScarce means that this machine lacks a resource for the moment, such as descriptors of
// open files or free ports. Another upload gives such a resource back when it ends. The error
// also Is that of the system, such as syscall.EMFILE, if there is one.
var ErrScarce = errors.New("this machine has no more open files or ports")

// otherServer is the error for a success without a sign of the protocol.
type otherServer string

func (e otherServer) Error() string        { return string(e) }
func (e otherServer) Is(target error) bool { return target == ErrNotTus }
