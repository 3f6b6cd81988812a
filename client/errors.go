package client

import "github.com/tusker-go/tusker/client/failure"

// Error has the facts about an exchange that failed: operation, status, headers, the
// server's text, and its [Class]. See package failure.
type Error = failure.Error

// MaxKeptHeader is the largest size in bytes of the headers of one answer that a [Result], a
// [DownloadResult] or an [Error] keeps. If an answer has more, the smallest fields are kept.
// Single calls return all headers in [Reply.Header].
const MaxKeptHeader = failure.MaxKeptHeader

// Class is the meaning of a failed exchange for an upload; Config.Classify can change it.
type Class = failure.Class

// Denial is the answer of a server to the last bytes of an upload, if that was an error.
type Denial = failure.Denial

// The classes, and what an upload does after each of them. Package failure has more.
const (
	ClassFinal      = failure.ClassFinal      // it fails at once
	ClassTransient  = failure.ClassTransient  // it waits, asks for the offset, and resumes
	ClassLocked     = failure.ClassLocked     // it waits under Config.Locked
	ClassThrottled  = failure.ClassThrottled  // it waits, and so do all uploads to this host
	ClassResync     = failure.ClassResync     // it asks for the offset, and resumes
	ClassIntegrity  = failure.ClassIntegrity  // it sends the bytes again
	ClassProxyLimit = failure.ClassProxyLimit // it sends smaller requests
	ClassAuth       = failure.ClassAuth       // it asks for new credentials once
	ClassGone       = failure.ClassGone       // the upload does not exist, or no longer exists
	ClassScarce     = failure.ClassScarce     // it waits until another upload ends
)

// Errors that end a call before it sends anything of an upload; test for them with
// errors.Is, as for all errors below. Package failure says more about each.
var (
	ErrNoEndpoint    = failure.ErrNoEndpoint    // the call needs Config.Endpoint
	ErrInvalidURL    = failure.ErrInvalidURL    // not an absolute http or https URL
	ErrInvalidOption = failure.ErrInvalidOption // a value of Config or of options makes no sense
	ErrUnsupported   = failure.ErrUnsupported   // the server does not announce an extension
)

// Errors of a Source. Each Is ErrSource, too.
var (
	ErrSource            = failure.ErrSource            // the bytes could not be read
	ErrSourceChanged     = failure.ErrSourceChanged     // other bytes than when the upload began
	ErrSourceUnavailable = failure.ErrSourceUnavailable // not readable now; worth a retry
	ErrSourceInUse       = failure.ErrSourceInUse       // another program writes to the file
	ErrSourceWindow      = failure.ErrSourceWindow      // a stream no longer has the bytes
	ErrSourceUsed        = failure.ErrSourceUsed        // a stream was passed to a second upload
	ErrSpool             = failure.ErrSpool             // the temporary file of a stream failed
	ErrUnconfirmed       = failure.ErrUnconfirmed       // all bytes were sent, but the file was not checked
)

// Errors of an exchange with the server. The statuses of tus are sentinels of package
// protocol.
var (
	ErrNotTus           = failure.ErrNotTus           // not the answer of a tus server
	ErrRedirected       = failure.ErrRedirected       // a redirect that changes the request
	ErrStalled          = failure.ErrStalled          // no sign of life for too long
	ErrThrottled        = failure.ErrThrottled        // the host asked another upload to wait
	ErrUntrusted        = failure.ErrUntrusted        // a certificate is not trusted
	ErrInvalidLocation  = failure.ErrInvalidLocation  // no upload can be sent to the Location
	ErrInsecureLocation = failure.ErrInsecureLocation // the Location leaves https for http
	ErrScarce           = failure.ErrScarce           // this machine lacks open files or ports
)

// Errors of Resumable Uploads for HTTP.
var (
	ErrNotRUFH       = failure.ErrNotRUFH       // not the answer of a server that speaks the protocol
	ErrOtherProtocol = failure.ErrOtherProtocol // the server speaks tus
	ErrInterim       = failure.ErrInterim       // too many interim responses that say nothing new
	ErrLimits        = failure.ErrLimits        // the limits of the server exclude the upload or each other
	ErrRelocated     = failure.ErrRelocated     // two URLs for one upload
	ErrEarly         = failure.ErrEarly         // completed before all bytes were sent
	ErrIncomplete    = failure.ErrIncomplete    // not completed although all bytes are there
)

// VersionError means that the server names another version of Resumable Uploads for HTTP than
// that of the request. It Is ErrNotRUFH.
type VersionError = failure.VersionError

// Errors of an upload on whose state the server and the client disagree.
var (
	ErrLengthMismatch = failure.ErrLengthMismatch // the upload has another length than the source
	ErrIntegrity      = failure.ErrIntegrity      // the server claims bytes that were never sent
	ErrRefused        = failure.ErrRefused        // the server refused the complete upload
	ErrUncertain      = failure.ErrUncertain      // all bytes were sent, and the upload is gone
	ErrMisplaced      = failure.ErrMisplaced      // no upload at the URL that the server gave
	ErrPatchBlocked   = failure.ErrPatchBlocked   // HEAD finds the upload, but PATCH gets 404
	ErrNoProgress     = failure.ErrNoProgress     // the server kept none of the bytes
	ErrPart           = failure.ErrPart           // a part failed; the error says which, and why
	ErrDifferent      = failure.ErrDifferent      // UploadOptions.Verify: the server has other bytes
	ErrUnverified     = failure.ErrUnverified     // UploadOptions.Verify: no way to compare
)

// Errors of a download.
var (
	ErrUnfinished     = failure.ErrUnfinished     // the upload is not complete
	ErrNotServed      = failure.ErrNotServed      // the server does not answer a GET of the upload
	ErrContent        = failure.ErrContent        // the answer is not the content of the upload
	ErrContentChanged = failure.ErrContentChanged // the content changed during the download
	ErrOtherServer    = failure.ErrOtherServer    // the answer is not from the server of the content
)
