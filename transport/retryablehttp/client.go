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
	defaultRetries = 9
	defaultLeast   = time.Second
	defaultMost    = 60 * time.Second
)

// Config says how [New] retries. The zero value is ready.
type Config struct {
	// Client sends the requests. nil: nethttp.New(nethttp.Config{}). It must
	// not be changed afterwards.
	Client *http.Client
	// RetryMax is the number of tries after the first. 0: 9. Negative: none.
	RetryMax int
	// RetryWaitMin is the least that is waited between two tries. 0 or less:
	// 1 s.
	RetryWaitMin time.Duration
	// RetryWaitMax is the most that is waited between two tries, also where a
	// server names a longer time in Retry-After. 0 or less: 60 s.
	RetryWaitMax time.Duration
	// Logger gets a record of level Debug before each wait: method, url (as in
	// transport.RedactURL), attempt, wait, and status or err. nil: silent.
	Logger *slog.Logger
}

// Client is a [transport.Doer] that retries OPTIONS and HEAD. [New] and [Wrap]
// make one; the zero value is of no use. It is safe for concurrent use.
type Client struct {
	idle *http.Client
	log  *slog.Logger
	// A template: each request gets a hashicorp.Client of its own, whose
	// callbacks know the request. The type holds locks, so its fields are kept.
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

// New returns a client as c says. It retries after errors of the network and
// after the statuses 408, 425, 429 and 5xx other than 501 and 505. It waits
// between RetryWaitMin and a ceiling that doubles with each try, at random, and
// at least as long as Retry-After says, but never longer than RetryWaitMax.
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
		c.RetryWaitMin = defaultLeast
	}
	if c.RetryWaitMax <= 0 {
		c.RetryWaitMax = defaultMost
	}
	return newClient(settings{
		http:     c.Client,
		waitMin:  min(c.RetryWaitMin, c.RetryWaitMax),
		waitMax:  c.RetryWaitMax,
		retryMax: c.RetryMax,
	}, c.Logger)
}

// Wrap returns a Client that puts one that a user has configured under the
// rules of this package. Its CheckRetry, Backoff, PrepareRetry and ErrorHandler are asked
// where a retry is allowed, its two hooks and its Logger see every request, and
// RetryMax counts as it stands. A nil CheckRetry or Backoff is that of [New], a
// nil ErrorHandler hands out the last answer, and a nil HTTPClient is
// nethttp.New(nethttp.Config{}).
//
// No wait is longer than its RetryWaitMax, or 60 s where that is 0, whatever
// Backoff says. An ErrorHandler that returns both an answer and an error loses
// the error.
//
// rc is read once, here, and never changed. A nil rc counts as an empty one.
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

// CloseIdleConnections closes the connections that no request is using.
func (c *Client) CloseIdleConnections() { c.idle.CloseIdleConnections() }

// keepIdle returns a copy of c that go-retryablehttp cannot make close the idle
// connections. It does so after every failure, and would take away those that
// other requests are about to use.
func keepIdle(c *http.Client) *http.Client {
	kept := *c
	rt := c.Transport
	if rt == nil {
		rt = http.DefaultTransport
	}
	kept.Transport = struct{ http.RoundTripper }{rt}
	return &kept
}
