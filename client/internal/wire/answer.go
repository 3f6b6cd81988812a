package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
)

const (
	maxErrorBody = 4 << 10  // bytes kept of the body of an error
	maxDrain     = 64 << 10 // bytes read of an unwanted body to keep its connection
)

// Content is the body of an answer. The stall timeout limits the wait for its bytes, but not
// the time between two calls of Read.
type Content struct {
	// Length is that of the answer's Content-Length, or -1 if there is none.
	Length int64

	// Delimited means that a connection that breaks can be told from the end of the
	// content although Length is -1.
	Delimited bool

	// Uncompressed means that the transport undid a compression.
	Uncompressed bool

	exchange *exchange
	ctx      context.Context //nolint:containedctx // It lives as long as the exchange that it belongs to.
}

// Drain reads some of what is left, so that the connection can be used again.
func (c *Content) Drain() { _ = drain(c) }

// Read reads the next bytes. Its error is io.EOF or a *failure.Error.
func (c *Content) Read(p []byte) (int, error) {
	c.exchange.dog.alive()
	n, err := c.exchange.resp.Body.Read(p)
	c.exchange.dog.pause()
	if err != nil && err != io.EOF { //nolint:errorlint // An error that wraps io.EOF is a failure.
		err = c.exchange.fail(c.exchange.cause(c.ctx, err))
	}
	return n, err
}

// readText returns the beginning of an error's body, and reads a little more of any
// body so that its connection can be used again. It does not read what follows a
// switch of protocols, because no context would end that.
func readText(resp *http.Response) (string, error) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return "", nil
	}
	var text []byte
	var err error
	if resp.StatusCode >= http.StatusBadRequest {
		text, err = io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	}
	if err == nil && resp.Body != http.NoBody {
		err = drain(resp.Body)
	}
	return string(text), err
}

// drain reads some of what is left of a body that nobody needs.
func drain(body io.Reader) error {
	if _, err := io.CopyN(io.Discard, body, maxDrain); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
