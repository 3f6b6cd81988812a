package retryablehttp

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	hashicorp "github.com/hashicorp/go-retryablehttp"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// checkRetry never returns an error, which would replace the answer.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if err != nil {
		if isFinal(err) {
			return false, nil
		}
		again, _ := hashicorp.DefaultRetryPolicy(ctx, nil, err)
		return again, nil
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true, nil
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false, nil
	}
	return resp.StatusCode >= http.StatusInternalServerError, nil
}

// isFinal reports whether a retry would fail with the same error.
func isFinal(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	// The peer sent an alert, for example because it does not accept the
	// certificate. crypto/tls does not export the type of alerts.
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return true
	}
	return errors.Is(err, nethttp.ErrInsecureRedirect) || errors.Is(err, nethttp.ErrTooManyRedirects) ||
		nethttp.IsInvalidRedirect(err) || errors.Is(err, http.ErrSchemeMismatch)
}

// backoff returns a random wait between least and a ceiling that doubles with
// each attempt. try counts attempts from 0. Retry-After is a minimum, which
// exchange.wait limits.
func backoff(least, most time.Duration, try int, resp *http.Response) time.Duration {
	if least <= 0 {
		least = shortestDefaultWait
	}
	if most <= 0 {
		most = longestDefaultWait
	}
	least = min(least, most)
	ceiling := least
	for range try + 1 {
		if ceiling > most/2 {
			ceiling = most
			break
		}
		ceiling *= 2
	}
	wait := ceiling
	if ceiling > least {
		wait = least + rand.N(ceiling-least)
	}
	if resp != nil {
		after, _ := transport.RetryAfter(resp.Header, time.Now())
		wait = max(wait, after)
	}
	return wait
}
