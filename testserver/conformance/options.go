package conformance

import (
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Options configures a run. nil and the zero value run all rules.
type Options struct {
	// Protocol is what the server is checked against. The zero value: [Tus].
	Protocol Protocol

	// Rules contains patterns of rule IDs, see [Protocol.Select]. nil: all rules.
	Rules []string

	// Header is sent with every request to the origin of the endpoint. Reports
	// do not contain its values. nil: none.
	Header http.Header

	// TrustedOrigins are origins, such as "https://cdn.example:8443", that get
	// Header and the credentials of the Doer's middleware, like the origin of
	// the endpoint. nil: none.
	TrustedOrigins []string

	// Metadata is sent with every creation, for servers that require metadata.
	// Reports do not contain its values. nil: none.
	Metadata protocol.Metadata

	// MaxRequests is the maximum number of requests, not counting one DELETE
	// for each upload. Rules that would exceed it are Unable. 0 or less: 1000,
	// which is enough for all rules.
	MaxRequests int

	// RequestTimeout is the maximum time of one exchange. 0 or less: 10 s.
	RequestTimeout time.Duration

	// MaxWait is the longest wait between two requests, for Retry-After and for
	// the expiration of an upload. 0 or less: 10 s.
	MaxWait time.Duration

	// Timeout is the maximum time of the run. Rules that would exceed it are
	// Unable. The deletion of uploads may take RequestTimeout longer. 0 or
	// less: 5 minutes.
	Timeout time.Duration

	// OnResult is called after each rule, in the goroutine that called [Run].
	// nil: no call.
	OnResult func(Result)
}

func (o *Options) withDefaults() Options {
	var filled Options
	if o != nil {
		filled = *o
	}
	if filled.MaxRequests <= 0 {
		filled.MaxRequests = 1000
	}
	if filled.RequestTimeout <= 0 {
		filled.RequestTimeout = 10 * time.Second
	}
	if filled.MaxWait <= 0 {
		filled.MaxWait = 10 * time.Second
	}
	if filled.Timeout <= 0 {
		filled.Timeout = 5 * time.Minute
	}
	return filled
}
