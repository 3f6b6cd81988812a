package client

import (
	"net/http"
	"net/url"

	"github.com/tusker-go/tusker/protocol"
)

// CallOptions adjusts one call. nil and the zero value change nothing.
type CallOptions struct {
	// Header is sent with every request of this call. It wins over
	// Config.Header, and the headers of the protocol win over it. nil: none.
	Header http.Header

	home *url.URL // where headers may go to where Config has no Endpoint; nil: anywhere
}

func (o *CallOptions) header() http.Header {
	if o == nil {
		return nil
	}
	return o.Header
}

func (o *CallOptions) origin() *url.URL {
	if o == nil {
		return nil
	}
	return o.home
}

// Reply is a server's answer to one exchange.
type Reply struct {
	// State is what the answer says of the upload. Its Location is absolute.
	// Answers other than to a creation have the URL that was asked, or where
	// redirects led.
	State protocol.State

	// URL is where the upload is to be asked for from now on: the Location of a
	// creation, else the URL that was asked, or where redirects that hold for
	// good (301, 308) lead.
	URL string

	// Capabilities is set in the answer to Options only.
	Capabilities protocol.Capabilities

	// StatusCode and Header are those of the answer. Servers put identifiers
	// of their own into headers.
	StatusCode int
	Header     http.Header
}
