package retryablehttp

import (
	"log/slog"
	"net/http"
	"time"

	hashicorp "github.com/hashicorp/go-retryablehttp"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

const (
	defaultRetries      = 9
	shortestDefaultWait = time.Second
	longestDefaultWait  = 60 * time.Second
)

// Config configures [New]. The zero value is usable.
type Config struct {
	// Client sends the requests. It must not be changed after New. nil:
	// nethttp.New(nethttp.Config{}).
	Client *http.Client
	// RetryMax is the number of retries of a request. 0: 9. Negative: none.
	RetryMax int
	// RetryWaitMin is the shortest wait before a retry. 0 or less: 1 s.
	RetryWaitMin time.Duration
	// RetryWaitMax is the longest wait before a retry. It also limits
	// Retry-After. 0 or less: 60 s.
	RetryWaitMax time.Duration
	// Logger gets a record of level Debug before each wait, with method, url
	// (see [transport.RedactURL]), attempt, wait, and status or err. nil: no
	// log.
	Logger *slog.Logger
}

// Client is a [transport.Doer] that retries OPTIONS and HEAD. [New] and [Wrap]
// create a Client; the zero value is not usable. A Client is safe for
// concurrent use.
type Client struct {
	idle *http.Client
	log  *slog.Logger
	// settings is a template: each request gets a hashicorp.Client with
	// callbacks for this request. A hashicorp.Client contains locks and cannot
	// be copied, so its fields are kept instead.
	settings settings
}

var _ transport.Doer = (*Client)(nil)

type settings struct {
	http         *http.Client
	logger       any
	waitMin      time.Duration
	waitMax      time.Duration
	retryMax     int
	requestHook  hashicorp.RequestLogHook
	responseHook hashicorp.ResponseLogHook
	check        hashicorp.CheckRetry
	backoff      hashicorp.Backoff
	failed       hashicorp.ErrorHandler
	prepare      hashicorp.PrepareRetry
}

// New returns a client with the settings of c. It retries network errors and
// the statuses 408, 425, 429 and 5xx, except for 501 and 505. A wait is random
// between RetryWaitMin and a ceiling that doubles with each attempt, and at
// least as long as Retry-After, but never longer than RetryWaitMax.
func New(c Config) *Client {
	if c.Client == nil {
		c.Client = nethttp.New(nethttp.Config{})
	}
	switch {
	case c.RetryMax == 0:
		c.RetryMax = defaultRetries
	case c.RetryMax < 0:
		c.RetryMax = 0
	}
	if c.RetryWaitMin <= 0 {
		c.RetryWaitMin = shortestDefaultWait
	}
	if c.RetryWaitMax <= 0 {
		c.RetryWaitMax = longestDefaultWait
	}
	return newClient(settings{
		http:     c.Client,
		waitMin:  min(c.RetryWaitMin, c.RetryWaitMax),
		waitMax:  c.RetryWaitMax,
		retryMax: c.RetryMax,
	}, c.Logger)
}

// Wrap returns a Client that follows the rules of this package and uses the
// settings of rc. For requests that may be retried, it calls CheckRetry,
// Backoff, PrepareRetry and ErrorHandler of rc, and RetryMax is used unchanged.
// For all requests, it calls the two log hooks and Logger. A nil CheckRetry or
// Backoff means that of [New], a nil ErrorHandler returns the last answer, and
// a nil HTTPClient means nethttp.New(nethttp.Config{}).
//
// A wait is never longer than RetryWaitMax, or 60 s if that is 0, even if
// Backoff returns more. If ErrorHandler returns both an answer and an error,
// the error is lost.
//
// Wrap reads rc once and does not change it. A nil rc means
// &hashicorp.Client{}.
func Wrap(rc *hashicorp.Client) *Client {
	if rc == nil {
		rc = &hashicorp.Client{}
	}
	s := settings{
		http:         rc.HTTPClient,
		logger:       rc.Logger,
		waitMin:      rc.RetryWaitMin,
		waitMax:      rc.RetryWaitMax,
		retryMax:     rc.RetryMax,
		requestHook:  rc.RequestLogHook,
		responseHook: rc.ResponseLogHook,
		check:        rc.CheckRetry,
		backoff:      rc.Backoff,
		failed:       rc.ErrorHandler,
		prepare:      rc.PrepareRetry,
	}
	if s.http == nil {
		s.http = nethttp.New(nethttp.Config{})
	}
	return newClient(s, nil)
}

func newClient(s settings, log *slog.Logger) *Client {
	if s.check == nil {
		s.check = checkRetry
	}
	if s.backoff == nil {
		s.backoff = backoff
	}
	if s.failed == nil {
		s.failed = hashicorp.PassthroughErrorHandler
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	idle := s.http
	s.http = keepIdle(s.http)
	return &Client{idle: idle, log: log, settings: s}
}

// CloseIdleConnections closes the idle connections of the client.
func (c *Client) CloseIdleConnections() { c.idle.CloseIdleConnections() }

// keepIdle returns a copy of c whose idle connections go-retryablehttp cannot
// close. It would close them after every failure, although other requests could
// use them.
func keepIdle(c *http.Client) *http.Client {
	kept := *c
	rt := c.Transport
	if rt == nil {
		rt = http.DefaultTransport
	}
	kept.Transport = struct{ http.RoundTripper }{rt}
	return &kept
}
