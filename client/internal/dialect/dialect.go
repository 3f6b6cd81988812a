// Package dialect is the seam between an upload and the protocol that it speaks, as
// database/sql/driver is between a query and a database.
//
// A dialect does single exchanges and does not retry; package engine decides what
// follows a failure. Each error of a dialect is a *failure.Error whose class is set.
// A feature that only some protocols have is a further interface: [Joiner], [Remover],
// [Discoverer], [Negotiator] and [Verifier].
package dialect

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// Dialect is one protocol, as one upload speaks it. It may remember what a server
// refused during this upload. It is not safe for concurrent use.
type Dialect interface {
	// Name identifies the protocol and its version in records, such as "tus/1.0.0".
	Name() string

	// Create makes a new upload, and sends c.Body along if it is set.
	Create(ctx context.Context, c Creation) (Answer, error)

	// Offset asks how much the server has.
	Offset(ctx context.Context, url string) (Answer, error)

	// Append sends bytes at the server's offset.
	Append(ctx context.Context, url string, a Append) (Answer, error)

	// Supports reports whether the protocol has a feature. It sends no request.
	Supports(f Feature) bool

	// DefaultChunk is the most bytes that one Append should carry if the caller sets no
	// chunk size; 0 means no limit.
	DefaultChunk() int64
}

// Feature is something that not every protocol can do for a caller.
type Feature uint8

// The features.
const (
	Parts    Feature = iota // one upload is made of several, see [Joiner]
	Metadata                // the server keeps metadata with an upload, and returns it
	Lookup                  // the server can be asked for an upload after its end
	Content                 // the server names the digest of an upload, or returns its bytes
	Checksum                // each request carries a checksum of its bytes
	Nesting                 // the URL of an upload is usually below that of its creation
)

// Creation describes a new upload.
type Creation struct {
	// Length is the number of bytes, or the zero value if it is declared later.
	Length protocol.Length

	// Metadata is kept by the server with the upload. nil: none.
	Metadata protocol.Metadata

	// Part means that the upload is one part of a larger one, see [Joiner].
	Part bool

	// Once means that the creation is not repeated, because it is an ordinary request.
	Once bool

	// Body is sent with the creation. nil: the creation has no bytes.
	Body *Append

	// Heard is called if the server says something about the upload before its answer, such
	// as the URL. It is called on a goroutine of its own, one call at a time, and not after
	// Create has returned. Its error ends the request. nil: nothing is called.
	Heard func(Answer) error
}

// Append is one request with bytes of an upload.
type Append struct {
	Chunk source.Chunk

	// Length is that of the whole upload, as far as it is known.
	Length protocol.Length

	// Declared means that the server knows the length already.
	Declared bool

	// BeforeLast is called before the last byte of the upload is handed to the
	// network. Its error ends the request. nil: nothing is called.
	BeforeLast func() error

	// OnSent is called with the number of bytes of this request that the network took
	// so far. nil: nothing is called.
	OnSent func(n int64)

	// Gauge counts the bytes that the network takes. nil: none.
	Gauge *atomic.Int64

	// Heard is called if the server says something about the upload before its answer, such
	// as its offset; see Creation.Heard. It is not called for the Body of a Creation.
	Heard func(Answer) error
}

// Answer has the facts about an upload in an answer of the server.
type Answer struct {
	// URL is the URL to use for the upload from now on. Next is the URL of the next request;
	// it differs from URL after a redirect that is valid for one request.
	URL, Next string

	// Offset is how many bytes the server has. The zero value: the server named no offset, or
	// an impossible one.
	Offset protocol.Length

	// Length is the number of bytes that the upload was created for, or the zero value.
	Length protocol.Length

	// Complete means that the upload is complete: no further request is needed, and none can
	// change it.
	Complete bool

	// Expires is when the server removes the unfinished upload. The zero time: the
	// server did not say.
	Expires time.Time

	// Limits are the known limits of the server. Expires wins over MaxAge.
	Limits protocol.Limits

	// Metadata is the metadata of the upload, if the server returns it.
	Metadata protocol.Metadata

	// Header is the header of the answer.
	Header http.Header

	// Sent is how many bytes of the request were handed to the network. It is set also
	// if the exchange failed.
	Sent int64

	// SentAll means that these were all bytes of the request. It is set also if the exchange
	// failed.
	SentAll bool

	// Response is the final response of the resource that gets the upload, if the protocol
	// passes it on. It is set also if the response is an error.
	Response *Response

	// Orphan means that a creation failed although the server may have made an upload
	// whose URL is lost.
	Orphan bool

	// Refuse returns the error of an exchange whose answer contradicts the upload.
	Refuse func(error) error
}

// Response is the response of the resource that an upload is for.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte // at most MaxResponseBody bytes
	Truncated  bool   // the body has more bytes, or broke off
}

// MaxResponseBody is the most bytes that a Response keeps of a body.
const MaxResponseBody = 64 << 10

// Joiner is a [Dialect] that can make one upload of several.
type Joiner interface {
	// Join makes a new upload of complete parts, in their order. A server that
	// supports it joins parts that are not complete yet, too.
	Join(ctx context.Context, parts []string, metadata protocol.Metadata) (Answer, error)

	// MaxParts returns how many parts one Join can name, judging by the URL of one.
	MaxParts(part string) int

	// CheckJoin returns an error if the server, or a proxy in front of it, would refuse a Join
	// of n parts as too long, judging by the URL of one. nil also means that this is not
	// known. It sends a request only if n is above MaxParts.
	CheckJoin(ctx context.Context, part string, n int) error

	// Part returns the dialect of one part, with what was negotiated for the whole.
	Part() Dialect
}

// Remover is a [Dialect] that can delete uploads.
type Remover interface {
	Remove(ctx context.Context, url string) error
}

// Discoverer is a [Dialect] whose servers tell what they support.
type Discoverer interface {
	// Discover asks the server of url, unless its answer is known. Required means that
	// the caller cannot do without the answer. Otherwise the question has little time,
	// and a server that does not answer it is Silent.
	Discover(ctx context.Context, url string, required bool) (Features, error)

	// Known returns what the server of the endpoint said before, without asking it.
	Known() (Features, bool)
}

// Negotiator is a [Dialect] that has to ask the server before an upload begins.
type Negotiator interface {
	// MustNegotiate reports whether there is something to negotiate.
	MustNegotiate() bool

	// Negotiate asks the server of url what this upload needs to know. The error Is
	// failure.ErrUnsupported if the server lacks what the caller wants.
	Negotiate(ctx context.Context, url string) error
}

// Features has the features that a server supports.
type Features struct {
	DeferLength    bool // uploads whose length is declared later
	CreateWithBody bool // a creation that carries bytes
	Join           bool // see [Joiner]
	JoinUnfinished bool // a Join of parts that are not complete yet

	// Announces means that the server tells the URL of an upload while it receives the bytes
	// of the creation. A creation with all bytes can then be resumed, whatever their number.
	Announces bool

	// Acknowledges means that the server tells its offset while it receives bytes. A request
	// of a stream can then have more bytes than the stream keeps.
	Acknowledges bool

	// Limits are the known limits of the server for every upload.
	Limits protocol.Limits

	// Terms are the protocol's own names of features, for messages.
	Terms Terms

	// Silent is why the server did not say what it supports, such as a 404 to the
	// question. nil: it said so.
	Silent error
}

// Terms are the names that a protocol has for features.
type Terms struct {
	DeferLength string // see Features.DeferLength
	Join        string // see Features.Join
}

// Verifier is a [Dialect] that can tell the digest of what a server holds.
type Verifier interface {
	// Digest returns the SHA-256 of the upload, or nil if the server does not say it.
	Digest(ctx context.Context, url string) ([]byte, error)
}
