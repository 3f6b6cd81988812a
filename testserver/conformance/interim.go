package conformance

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// maxInterim is the number of interim responses after which a request is ended.
const maxInterim = 1000

// interim is an interim response.
type interim struct {
	status int
	header http.Header
}

// isResumption reports whether the response is a 104.
func (i interim) isResumption() bool { return i.status == rufh.StatusResumptionSupported }

// location returns the field Location.
func (i interim) location() string { return i.header.Get(protocol.HeaderLocation) }

// interims collects the interim responses of one request. The transport may add to it while
// the request is read.
type interims struct {
	held *held // gets each status; nil: nothing does

	mu   sync.Mutex
	seen []interim
}

// withInterim returns a context whose request reports its interim responses.
func withInterim(ctx context.Context, h *held) (context.Context, *interims) {
	c := &interims{held: h}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: c.add}), c
}

func (c *interims) add(status int, h textproto.MIMEHeader) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) == maxInterim {
		return errors.New("too many interim responses")
	}
	c.seen = append(c.seen, interim{status, http.Header(h)})
	if c.held != nil {
		c.held.see(interim{status, http.Header(h)})
	}
	return nil
}

func (c *interims) all() []interim {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]interim(nil), c.seen...)
}
