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

// The classes. Package failure describes what an upload does after each of them.
const (
	ClassFinal      = failure.ClassFinal
	ClassTransient  = failure.ClassTransient
	ClassLocked     = failure.ClassLocked
	ClassThrottled  = failure.ClassThrottled
	ClassResync     = failure.ClassResync
	ClassIntegrity  = failure.ClassIntegrity
	ClassProxyLimit = failure.ClassProxyLimit
	ClassAuth       = failure.ClassAuth
	ClassGone       = failure.ClassGone
	ClassScarce     = failure.ClassScarce
)

// Errors of a Client; test for them with errors.Is. Package failure says what each
// means.
var (
	ErrNoEndpoint        = failure.ErrNoEndpoint
	ErrInvalidURL        = failure.ErrInvalidURL
	ErrInvalidOption     = failure.ErrInvalidOption
	ErrUnsupported       = failure.ErrUnsupported
	ErrSource            = failure.ErrSource
	ErrSourceChanged     = failure.ErrSourceChanged
	ErrSpool             = failure.ErrSpool
	ErrSourceWindow      = failure.ErrSourceWindow
	ErrSourceUsed        = failure.ErrSourceUsed
	ErrRedirected        = failure.ErrRedirected
	ErrNotTus            = failure.ErrNotTus
	ErrThrottled         = failure.ErrThrottled
	ErrScarce            = failure.ErrScarce
	ErrStalled           = failure.ErrStalled
	ErrUntrusted         = failure.ErrUntrusted
	ErrInvalidLocation   = failure.ErrInvalidLocation
	ErrInsecureLocation  = failure.ErrInsecureLocation
	ErrLengthMismatch    = failure.ErrLengthMismatch
	ErrIntegrity         = failure.ErrIntegrity
	ErrRefused           = failure.ErrRefused
	ErrUncertain         = failure.ErrUncertain
	ErrMisplaced         = failure.ErrMisplaced
	ErrNoProgress        = failure.ErrNoProgress
	ErrPart              = failure.ErrPart
	ErrDifferent         = failure.ErrDifferent
	ErrUnverified        = failure.ErrUnverified
	ErrUnfinished        = failure.ErrUnfinished
	ErrNotServed         = failure.ErrNotServed
	ErrContent           = failure.ErrContent
	ErrContentChanged    = failure.ErrContentChanged
	ErrOtherServer       = failure.ErrOtherServer
	ErrSourceInUse       = failure.ErrSourceInUse
	ErrSourceUnavailable = failure.ErrSourceUnavailable
	ErrUnconfirmed       = failure.ErrUnconfirmed
)
