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
	// maxUnanswered is the number of consecutive requests without an answer
	// that ends the run.
	maxUnanswered = 3

	// maxBusy is the number of attempts for a request that the server answers
	// with 423, 429, 503 or ERR_LOCK_TIMEOUT.
	maxBusy = 5

	// maxLost is the number of requests to uploads that ends the run if none of
	// them reached an upload.
	maxLost = 3

	// lockWait is the wait while another request holds the upload.
	lockWait = 400 * time.Millisecond
)

// session is the state that the rules of a run share.
type session struct {
	doer     transport.Doer
	endpoint *url.URL
	opts     Options
	secrets  []string // values that reports must not contain

	announcement answer     // the answer to OPTIONS
	announced    []exchange // the same, for transcripts
	capabilities protocol.Capabilities
	unknown      string // why capabilities are unknown; "": they are known
	silent       bool   // OPTIONS got no answer

	requests   int // without those of cleanUp
	deletes    int // requests of cleanUp
	left       int
	unanswered int   // consecutive requests without an answer
	stopped    error // why the run stopped; nil: it has not

	limits protocol.Limits // that a server of RUFH announced

	known    bool   // an answer had a header of the protocol
	other    bool   // an answer to a request of RUFH had a header of tus
	ordinary bool   // a creation of RUFH was answered as an ordinary request
	created  bool   // an upload was created
	refused  string // why the latest creation was refused
	reached  bool   // a request to an upload reached it
	lost     int    // requests to uploads that did not reach them
}

func newSession(doer transport.Doer, endpoint *url.URL, opts Options) *session {
	s := &session{doer: transport.Chain(doer), endpoint: endpoint, opts: opts}
	for _, values := range opts.Header {
		s.secrets = append(s.secrets, values...)
	}
	for _, value := range opts.Metadata {
		s.secrets = append(s.secrets, value, encodeBase64(value))
	}
	return s
}

// conceal replaces secrets of the caller, which a server may repeat.
func (s *session) conceal(text string) string {
	for _, secret := range s.secrets {
		// Shorter values occur in any text and are not secrets.
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return text
}

// obstacle returns Report.Obstacle.
func (s *session) obstacle() error {
	switch {
	case s.stopped != nil:
		return s.stopped
	case s.requests > 0 && !s.known:
		return s.unknownProtocol()
	case !s.created && s.ordinary:
		return fmt.Errorf("%w: it treats a creation of %v as an ordinary request", ErrNotRUFH, s.opts.Protocol)
	case !s.created && s.refused != "":
		return fmt.Errorf("%w: %s", ErrRefused, s.conceal(s.refused))
	}
	return nil
}

// unknownProtocol returns the error for a server of another protocol.
func (s *session) unknownProtocol() error {
	switch {
	case s.opts.Protocol == Tus:
		return fmt.Errorf("%w: no answer has a tus header", ErrNotTus)
	case s.other:
		return fmt.Errorf("%w: the answers have Tus-Resumable, so the server speaks tus, or not %v", ErrNotRUFH, s.opts.Protocol)
	}
	return fmt.Errorf("%w: no answer has a header of %v", ErrNotRUFH, s.opts.Protocol)
}

// stop stops the run. The first reason counts.
func (s *session) stop(err error) error {
	if s.stopped == nil {
		s.stopped = err
	}
	return s.stopped
}

// exchange sends r until the server is not busy. The error says why there is no
// answer to judge.
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
			return a, s.answerError(r, a)
		}
		if wait > s.opts.MaxWait || try == maxBusy {
			return a, s.waitError(a, wait)
		}
		if err := pause(ctx, wait); err != nil {
			return a, s.stop(err)
		}
	}
}

// once sends r and counts consecutive requests without an answer.
func (s *session) once(ctx context.Context, r request) (answer, error) {
	a, err := s.roundTrip(ctx, r)
	switch {
	case err == nil:
		s.unanswered = 0
		s.known = s.known || s.opts.Protocol.isKnownBy(a)
		s.other = s.other || a.has(protocol.HeaderResumable)
		return a, nil
	case ctx.Err() != nil:
		return a, s.stop(context.Cause(ctx))
	case r.cut > 0:
		// A cut request gets no answer.
		return a, nil
	}
	err = &silenceError{fmt.Sprintf("%s got no answer: %s", r.method, s.conceal(clean(transport.RedactError(err).Error())))}
	if s.unanswered++; s.unanswered == maxUnanswered {
		return a, s.stop(&unansweredError{err})
	}
	return a, err
}

// silenceError describes a request without an answer of the server. It is
// ErrNoAnswer.
type silenceError struct{ text string }

func (e *silenceError) Error() string { return e.text }
func (e *silenceError) Unwrap() error { return ErrNoAnswer }

// unansweredError is ErrNoAnswer with the error of the last request.
type unansweredError struct{ latest error }

func (e *unansweredError) Error() string {
	return fmt.Sprintf("%v: %d requests in a row, of which the last %v", ErrNoAnswer, maxUnanswered, e.latest)
}
func (e *unansweredError) Unwrap() []error { return []error{ErrNoAnswer, e.latest} }

// busy reports whether a asks for a retry, and how long to wait for it.
func (s *session) busy(a answer) (wait time.Duration, ok bool) {
	after, told := transport.RetryAfter(a.header, time.Now())
	if !told {
		after = time.Second
	}
	switch {
	case isLocked(a):
		return lockWait, true
	case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
		return after, true
	}
	return 0, false
}

// isLocked reports whether another request holds the upload. tusd answers 500 after it has
// waited for the lock.
func isLocked(a answer) bool {
	return a.status == http.StatusLocked ||
		a.status == http.StatusInternalServerError && strings.HasPrefix(string(a.body), "ERR_LOCK_TIMEOUT")
}

// waitError is the error for a server that stays busy. A lock concerns one upload;
// other statuses stop the run.
func (s *session) waitError(a answer, wait time.Duration) error {
	if isLocked(a) {
		return fmt.Errorf("the upload stays locked (%d)", a.status)
	}
	return s.stop(fmt.Errorf("%w: it answered %d and asks for a wait of %v", ErrRateLimited, a.status, wait.Round(time.Millisecond)))
}

// answerError says why a rule cannot judge a. nil: a can be judged.
func (s *session) answerError(r request, a answer) error {
	atEndpoint := r.url.String() == s.endpoint.String()
	switch {
	case s.opts.Protocol != Tus && r.method == http.MethodPost && r.version == "" && a.has(protocol.HeaderResumable):
		return s.stop(s.unknownProtocol())
	case a.redirect != "" && s.opts.Protocol != Tus && (!atEndpoint || r.method != http.MethodOptions):
		// Rules of RUFH judge redirects.
	case a.redirect != "":
		err := fmt.Errorf("%w: %s to %s", ErrMoved, r.method, a.redirect)
		if atEndpoint {
			return s.stop(err)
		}
		return err
	case a.status == http.StatusUnauthorized && s.trusts(r.url), a.status == http.StatusForbidden && atEndpoint && !s.created:
		return s.stop(fmt.Errorf("%w: it answered %s with %d%s", ErrDenied, r.method, a.status, s.conceal(a.firstLine())))
	case a.status == http.StatusUnauthorized:
		return errors.New("another origin requires credentials (401)")
	case a.status == http.StatusProxyAuthRequired:
		return s.stop(fmt.Errorf("%w: the proxy answered with 407", ErrDenied))
	case a.status == http.StatusBadGateway, a.status == http.StatusServiceUnavailable, a.status == http.StatusGatewayTimeout:
		return &silenceError{fmt.Sprintf("the server is not available: it answered %s with %d", r.method, a.status)}
	}
	return nil
}

// isEndpointOrigin reports whether u has the origin of the endpoint.
func (s *session) isEndpointOrigin(u *url.URL) bool { return sameOrigin(u, s.endpoint) }

// trusts reports whether requests to u get the caller's headers.
func (s *session) trusts(u *url.URL) bool {
	return s.isEndpointOrigin(u) || slices.ContainsFunc(s.opts.TrustedOrigins, func(origin string) bool {
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

// pause waits for d. If ctx ends first, it returns the cause.
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
