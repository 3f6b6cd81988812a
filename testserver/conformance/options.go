package conformance

import (
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Options says how to run the rules. nil and the zero value run all of them.
type Options struct {
	// Rules are patterns of the rules to run, see [Select]. nil: all.
	Rules []string

	// Header is sent with every request to the origin of the endpoint. Its
	// values appear in no report. nil: none.
	Header http.Header

	// TrustedOrigins are origins, such as "https://cdn.example:8443", that get
	// Header, and what middleware in the Doer adds, as that of the endpoint
	// does. nil: none.
	TrustedOrigins []string

	// Metadata is sent with every creation, for servers that refuse one
	// without. Its values appear in no report. nil: no metadata.
	Metadata protocol.Metadata

	// MaxRequests is how many requests may be sent, those that clean up not
	// counted, of which there is one for each upload. What is left of the
	// rules then is unable. 0 or less: 1000, which is more than all rules take.
	MaxRequests int

	// RequestTimeout is how long one exchange may take. 0 or less:
	// 10 s.
	RequestTimeout time.Duration

	// MaxWait is the longest wait between two requests: for a server that
	// asks for it by Retry-After, and for an upload to expire. 0 or less:
	// 10 s.
	MaxWait time.Duration

	// Timeout is how long all rules together may take; what is left of them
	// then is unable. Cleaning up may take as long as one exchange more.
	// 0 or less: 5 minutes.
	Timeout time.Duration

	// OnResult is called after each rule, from the goroutine that called
	// [Run]. nil: nothing is called.
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
