package retryablehttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	hashicorp "github.com/hashicorp/go-retryablehttp"

	"github.com/tusker-go/tusker/transport"
)

// Do sends req, and sends it again if the rules of the package allow it. An
// error after the end of the request's context wraps [context.Cause].
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	s := c.settings
	x := exchange{settings: s, log: c.log, req: req}
	rc := &hashicorp.Client{
		HTTPClient:      s.http,
		Logger:          s.logger,
		RequestLogHook:  s.requestHook,
		ResponseLogHook: s.responseHook,
		CheckRetry:      x.once,
		Backoff:         x.wait,
		ErrorHandler:    hashicorp.PassthroughErrorHandler,
	}
	if mayRetry(req) {
		rc.RetryWaitMin, rc.RetryWaitMax, rc.RetryMax = s.waitMin, s.waitMax, s.retryMax
		rc.CheckRetry = x.check
		rc.ErrorHandler = s.failed
		if s.prepare != nil {
			rc.PrepareRetry = x.prepare
		}
	}
	// Hooks may change the request, so they get a copy.
	sent := req.WithContext(req.Context())
	sent.Header = req.Header.Clone()
	// A hashicorp.Request without FromRequest has no rewindable body, so the
	// body is passed on unchanged.
	resp, err := rc.Do(&hashicorp.Request{Request: sent})
	return x.result(req.Context(), resp, err)
}

func mayRetry(req *http.Request) bool {
	return (req.Method == http.MethodHead || req.Method == http.MethodOptions) &&
		(req.Body == nil || req.Body == http.NoBody) &&
		!transport.IsSingleAttempt(req.Context())
}

// exchange is the state of one call of Do.
type exchange struct {
	settings
	log        *slog.Logger
	req        *http.Request
	answered   bool  // the last attempt got an answer
	failure    error // error of the last attempt without an answer
	prepareErr error
}

func (x *exchange) once(_ context.Context, _ *http.Response, err error) (bool, error) {
	x.answered, x.failure = err == nil, err
	return false, nil
}

func (x *exchange) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	x.answered, x.failure = err == nil, err
	select {
	case <-ctx.Done():
		return false, nil
	default:
	}
	return x.settings.check(ctx, resp, err)
}

func (x *exchange) prepare(req *http.Request) error {
	// The copy of go-retryablehttp shares its headers with a request that may
	// still be in progress.
	req.Header = req.Header.Clone()
	x.prepareErr = x.settings.prepare(req)
	return x.prepareErr
}

func (x *exchange) wait(least, most time.Duration, try int, resp *http.Response) time.Duration {
	limit := x.waitMax
	if limit <= 0 {
		limit = longestDefaultWait
	}
	wait := min(max(x.backoff(least, most, try, resp), 0), limit)

	ctx := x.req.Context()
	attrs := []slog.Attr{
		slog.String("method", x.req.Method),
		slog.String("url", transport.RedactURL(x.req.URL)),
		slog.Int("attempt", try+1),
		slog.Duration("wait", wait),
	}
	if resp != nil {
		attrs = append(attrs, slog.Int("status", resp.StatusCode))
	}
	if x.failure != nil {
		attrs = append(attrs, slog.Any("err", transport.RedactError(x.failure)))
	}
	x.log.LogAttrs(ctx, slog.LevelDebug, "retry", attrs...)
	return wait
}

var errNoResult = errors.New("retryablehttp: ErrorHandler returned neither an answer nor an error")

// result removes the error that go-retryablehttp returns together with an
// answer that it would have retried.
func (x *exchange) result(ctx context.Context, resp *http.Response, err error) (*http.Response, error) {
	if resp != nil && x.answered && x.prepareErr == nil {
		return resp, nil
	}
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err == nil {
		err = x.failure
	}
	if err == nil {
		return nil, errNoResult
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return nil, err
}
