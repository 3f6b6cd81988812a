// Package httpsource has sources of package source that are objects at an http or https URL:
// files of a web server, presigned URLs of an object store, or uploads of a tus server.
//
// [Open] asks for the first byte of the object, to learn its length and version. Each request
// of an upload then has one request for its bytes. If that fails, another one resumes at the
// exact byte, as [Config.Retry] allows. Every request has a condition for the version
// (If-Match), and every answer is compared with it as well, because servers ignore
// conditions. If the object is replaced during an upload, the upload fails with an error that
// Is failure.ErrSourceChanged: bytes of two versions are never mixed.
//
// The version is the strong ETag. Without one, it is Last-Modified and the length, see
// [Object.IsWeak]. A server that names neither, or sends no ranges, is refused with
// [ErrNoVersion] or [ErrNoRanges], unless [Config.Stream] is set.
package httpsource

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// DefaultStallTimeout is the time without a byte after which a request is ended, if
// Config.StallTimeout is 0.
const DefaultStallTimeout = 30 * time.Second

// Config says how an object is read. The zero value is usable.
type Config struct {
	// Doer sends the requests. Credentials that it adds must be for the host of each request.
	// Share one between the objects of a program. nil: a new nethttp.New(nethttp.Config{}).
	Doer transport.Doer

	// Header is sent with each request to the origin of the URL, such as an Authorization.
	// With a Doer of package nethttp, a redirect to another origin does not get it. nil: none.
	Header http.Header

	// Retry decides about requests that failed, and counts since the last byte that arrived.
	// An upload does not retry a request again if the policy allows no more. nil:
	// retry.Backoff{}.
	Retry retry.Policy

	// StallTimeout is how long a request may take until the next byte arrives. Time in which
	// the upload reads no bytes does not count. 0: DefaultStallTimeout. Negative: no limit.
	StallTimeout time.Duration

	// Name is the name of the source, see Object.Name. "": the URL without user and query.
	Name string

	// ID returns what identifies the object in the state that an answer with this header
	// describes, and must not be a secret. "" means that no later run can recognize it. nil:
	// the URL without secrets, and the version.
	ID func(answer http.Header) string

	// ETag is the strong entity tag that the object must have; with another one, Open fails
	// with failure.ErrSourceChanged. "": any.
	ETag string

	// Stream reads an object without ranges or without a version by a single request, as a
	// stream: the upload cannot be resumed by another run, and the object serves one upload.
	Stream bool

	// Explain adds to an error what it means for a kind of server: it may change Err and
	// Transient. It must be safe for concurrent use. nil: nothing is added.
	Explain func(e *RequestError)

	// OnRetry is called with the name of the source before each wait for another request, from
	// the goroutine that reads. It must be safe for concurrent use. nil: nothing is called.
	OnRetry func(name string, failed retry.Attempt, wait time.Duration)

	// Logger gets a warning about a version that only dates and lengths tell. nil: none.
	Logger *slog.Logger
}

// withDefaults returns c with a value in each field that needs one.
func (c Config) withDefaults() Config {
	if c.Doer == nil {
		c.Doer = nethttp.New(nethttp.Config{})
	}
	if c.Retry == nil {
		c.Retry = retry.Backoff{}
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = DefaultStallTimeout
	}
	if c.Explain == nil {
		c.Explain = func(*RequestError) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
