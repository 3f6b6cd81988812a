package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

const (
	// maxSilent is how many requests in a row may go without an answer.
	maxSilent = 3

	// maxBusy is how often a request is sent again that the server has no
	// time for.
	maxBusy = 5

	// lockStep is the wait for a server that still works on the upload.
	lockStep = 400 * time.Millisecond
)

// session is what the rules of one run share.
type session struct {
	doer     transport.Doer
	endpoint *url.URL
	opts     Options
	secrets  []string // not to be shown

	announcement answer     // to OPTIONS
	announced    []exchange // the same, for transcripts
	capabilities protocol.Capabilities
	unknown      string // why capabilities are not known; "": they are

	requests int // but those that clean up
	deletes  int // those that do
	left     int
	silent   int   // requests without an answer since the last answer
	stopped  error // why no more rules are tried

	tus     bool   // an answer had a header of tus
	created bool   // an upload was created
	refused string // why the latest one was not
}

func newSession(doer transport.Doer, endpoint *url.URL, opts Options) *session {
	s := &session{doer: transport.Chain(doer), endpoint: endpoint, opts: opts}
	for _, values := range opts.Header {
		s.secrets = append(s.secrets, values...)
	}
	for _, value := range opts.Metadata {
		s.secrets = append(s.secrets, value, encoded(value))
	}
	return s
}

// conceal leaves out what the caller gave and a server may have sent back.
func (s *session) conceal(text string) string {
	for _, secret := range s.secrets {
		// Shorter ones are found in any text, and are no secrets.
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return text
}

// obstacle is what the report has to say before anything else.
func (s *session) obstacle() error {
	switch {
	case s.stopped != nil:
		return s.stopped
	case s.requests > 0 && !s.tus:
		return fmt.Errorf("%w: no answer has a header of tus", ErrNotTus)
	case !s.created && s.refused != "":
		return fmt.Errorf("%w: %s", ErrRefused, s.conceal(s.refused))
	}
	return nil
}

// stop ends the run for a reason that the first to name it knows best.
func (s *session) stop(err error) error {
	if s.stopped == nil {
		s.stopped = err
	}
	return s.stopped
}

// exchange sends r until the server has time for it. The error says why there is
// no answer to judge.
func (s *session) exchange(ctx context.Context, r request) (answer, error) {
	for try := 1; ; try++ {
		if s.stopped != nil {
			return answer{}, s.stopped
		}
		if ctx.Err() != nil {
			return answer{}, s.stop(context.Cause(ctx))
		}
		if s.requests >= s.opts.MaxRequests {
			return answer{}, s.stop(fmt.Errorf("%w: %d", ErrOutOfBudget, s.requests))
		}
		s.requests++
		a, err := s.once(ctx, r)
		if err != nil {
			return a, err
		}
		wait, ok := s.busy(a)
		if !ok {
			return a, s.unusable(r, a)
		}
		if wait > s.opts.MaxWait || try == maxBusy {
			return a, s.tired(a, wait)
		}
		if err := pause(ctx, wait); err != nil {
			return a, s.stop(err)
		}
	}
}

// once sends r and counts what gets no answer.
func (s *session) once(ctx context.Context, r request) (answer, error) {
	a, err := s.roundTrip(ctx, r)
	switch {
	case err == nil:
		s.silent = 0
		s.tus = s.tus || a.header.Get(protocol.HeaderResumable) != "" || a.header.Get(protocol.HeaderVersion) != ""
		return a, nil
	case ctx.Err() != nil:
		return a, s.stop(context.Cause(ctx))
	case r.cut > 0:
		// It is how such a request ends.
		return a, nil
	}
	err = fmt.Errorf("%s got no answer: %s", r.method, s.conceal(clean(transport.RedactError(err).Error())))
	if s.silent++; s.silent == maxSilent {
		return a, s.stop(&silence{err})
	}
	return a, err
}

// silence is ErrNoAnswer with the latest of its reasons.
type silence struct{ latest error }

func (e *silence) Error() string {
	return fmt.Sprintf("%v: %d requests in a row, of which the last %v", ErrNoAnswer, maxSilent, e.latest)
}
func (e *silence) Unwrap() []error { return []error{ErrNoAnswer, e.latest} }

// busy tells whether a says to come back, and when.
func (s *session) busy(a answer) (wait time.Duration, ok bool) {
	after := a.header.Get("Retry-After")
	switch {
	case a.status == http.StatusLocked:
		return lockStep, true
	case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable && after != "":
		return retryAfter(after), true
	}
	return 0, false
}

// tired is the end of waiting. A lock is about one upload, the rest about all.
func (s *session) tired(a answer, wait time.Duration) error {
	if a.status == http.StatusLocked {
		return errors.New("the upload stays locked (423)")
	}
	return s.stop(fmt.Errorf("%w: it answered %d and asks for a wait of %v", ErrRateLimited, a.status, wait.Round(time.Millisecond)))
}

// unusable says why nothing can be told from a; nil where something can.
func (s *session) unusable(r request, a answer) error {
	atEndpoint := r.url.String() == s.endpoint.String()
	switch {
	case a.redirect != "":
		err := fmt.Errorf("%w: %s to %s", ErrMoved, r.method, a.redirect)
		if atEndpoint {
			return s.stop(err)
		}
		return err
	case a.status == http.StatusUnauthorized && s.trusts(r.url), a.status == http.StatusForbidden && atEndpoint && !s.created:
		return s.stop(fmt.Errorf("%w: it answered %s with %d%s", ErrDenied, r.method, a.status, s.conceal(a.words())))
	case a.status == http.StatusUnauthorized:
		return errors.New("another origin wants credentials (401)")
	case a.status == http.StatusProxyAuthRequired:
		return s.stop(fmt.Errorf("%w: the proxy does (407)", ErrDenied))
	case a.status == http.StatusBadGateway, a.status == http.StatusServiceUnavailable, a.status == http.StatusGatewayTimeout:
		return fmt.Errorf("the server is not available: it answered %s with %d", r.method, a.status)
	}
	return nil
}

// ours tells whether u is at the origin of the endpoint.
func (s *session) ours(u *url.URL) bool { return sameOrigin(u, s.endpoint) }

// trusts tells whether u is where the caller's headers may go.
func (s *session) trusts(u *url.URL) bool {
	return s.ours(u) || slices.ContainsFunc(s.opts.TrustedOrigins, func(origin string) bool {
		trusted, err := url.Parse(origin)
		return err == nil && sameOrigin(u, trusted)
	})
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// retryAfter reads the header of that name: seconds or a date. What it does not
// understand is a second.
func retryAfter(value string) time.Duration {
	if seconds, err := protocol.ParseLength(value); err == nil {
		if n, ok := seconds.Int64(); ok {
			return time.Duration(min(n, 1<<30)) * time.Second
		}
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return time.Second
}

// pause waits, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
