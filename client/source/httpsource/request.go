package httpsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/client/internal/input"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// requester sends single requests for an object.
type requester struct {
	Config
	url      *url.URL // without user
	signed   bool
	answered bool // the first request was answered
}

// reply is the answer to a request.
type reply struct {
	*http.Response
	dog *watchdog
}

// get sends a GET. The body of its answer ends with ctx, and stalls for at most
// Config.StallTimeout. The caller closes the body.
func (r *requester) get(ctx context.Context, set func(http.Header)) (*reply, error) {
	dog := &watchdog{limit: r.StallTimeout}
	ctx, dog.cancel = context.WithCancelCause(transport.OwnConnection(transport.SingleAttempt(ctx)))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url.String(), nil)
	if err != nil {
		dog.cancel(nil)
		return nil, r.failed(ctx, err)
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	// A coding that is added on the way would change the offsets of the bytes.
	req.Header.Set("Accept-Encoding", "identity")
	set(req.Header)
	stop := dog.watch()
	resp, err := r.Doer.Do(req) //nolint:bodyclose // The caller of get closes it.
	stop()
	if err != nil {
		err = r.failed(ctx, err)
		dog.cancel(nil)
		return nil, err
	}
	resp.Body = &body{ReadCloser: resp.Body, dog: dog, failed: func(err error) error { return r.failed(ctx, err) }}
	return &reply{resp, dog}, nil
}

// failed returns the error of a request without a complete answer.
func (r *requester) failed(ctx context.Context, err error) error {
	e := NewNetworkError(r.Name, err)
	e.Signed, e.UnknownHost = r.signed, e.UnknownHost && !r.answered
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), failure.ErrStalled):
		e.Err, e.Transient = context.Cause(ctx), true
	case ctx.Err() != nil:
		return cause.Why(ctx)
	case nethttp.IsInvalidRedirect(err):
		// net/http puts the whole Location into the text.
		e.Transient = false
		e.Err = fmt.Errorf("%w to an unreadable address: %w", failure.ErrRedirected, nethttp.ErrInvalidRedirect)
	}
	r.Explain(e)
	return e
}

// refused returns the error of an answer that is not used, and closes its body.
func (r *requester) refused(a *reply, why *mismatch) error {
	defer func() { _ = a.Body.Close() }()
	var e *RequestError
	if a.StatusCode/100 == 2 {
		// The body has bytes of something else.
		e = &RequestError{Name: r.Name, StatusCode: a.StatusCode, Header: header.Keep(a.Header)}
	} else {
		stop := a.dog.watch() // for the whole text
		e = NewRequestError(r.Name, a.Response)
		stop()
	}
	e.Err, e.Transient, e.Signed = why.err, why.transient, r.signed
	if e.Signed && a.StatusCode == http.StatusForbidden {
		e.Err = fmt.Errorf("%w: %w", ErrDenied, ErrExpired)
	}
	r.Explain(e)
	return e
}

// watchdog ends a request if no byte arrives for limit. Negative: no limit.
type watchdog struct {
	limit  time.Duration
	cancel context.CancelCauseFunc
}

// watch begins to wait for a byte, until the function that it returns is called.
func (w *watchdog) watch() (stop func()) {
	if w.limit < 0 {
		return func() {}
	}
	timer := time.AfterFunc(w.limit, func() {
		w.cancel(fmt.Errorf("%w: no byte arrived for %v", failure.ErrStalled, w.limit))
	})
	return func() { timer.Stop() }
}

// body is the body of an answer. It ends the request when it is closed.
type body struct {
	io.ReadCloser
	dog    *watchdog
	failed func(error) error
}

// Read implements io.Reader. An error other than io.EOF is one of the request.
func (b *body) Read(p []byte) (int, error) {
	stop := b.dog.watch()
	n, err := b.ReadCloser.Read(p)
	stop()
	if err != nil && !input.IsEnd(err) {
		err = b.failed(err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.dog.cancel(nil)
	return b.ReadCloser.Close()
}
