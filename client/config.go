package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Defaults of the fields of [Config] that callers show and count with.
const (
	DefaultConcurrency   = 3
	DefaultStallTimeout  = 30 * time.Second
	DefaultFinishTimeout = 10 * time.Minute
)

const defaultInlineSize = 1 << 20

// Config says where uploads go and how. The zero value of every field is its
// default, so Config{Endpoint: u} is complete. [New] copies what it needs.
type Config struct {
	// Endpoint is the creation URL of the server, such as
	// https://tus.example/files/. User information in it is sent as basic
	// authentication. "": the Client only works on the URLs of uploads that
	// exist, and calls that create fail with ErrNoEndpoint.
	Endpoint string

	// Doer sends the requests. It must be safe for concurrent use. nil:
	// nethttp.New(nethttp.Config{}), see Client.CloseIdleConnections.
	Doer transport.Doer

	// Header is sent with every request, under the headers of the protocol
	// and those of a single call. Host takes the place of the URL's. It goes
	// to the origin of Endpoint only, see ForeignCredentials. nil: none.
	Header http.Header

	// Retry decides whether a failed request is tried again, and when;
	// retry.Never fails at once. nil: retry.Backoff{}, which is 10 tries in a
	// row without progress, and waits of at most 60 s.
	//
	// A host that answers with 429, or with 5xx and Retry-After, asks for fewer
	// requests. All uploads, parts and downloads of this Client then wait before
	// their next request to that host, as long as the one that got the answer, but
	// no longer than Retry allows for a single wait: with retry.Never none waits,
	// and neither does Send. Each wait is an EventWaiting. Calls of a single
	// exchange, such as Head, Patch and Terminate, are sent at once, and so is the
	// deletion of parts that are left over. Other Clients are not affected.
	Retry retry.Policy

	// Locked decides on waits while another request holds the upload. It has
	// its own count. Where Retry allows no try at all, neither does Locked.
	// nil: waits of 1 to 5 s, for 90 s without progress.
	Locked retry.Policy

	// Classify has the last word on what a failed exchange means: it gets
	// what Tusker makes of it. It must be safe for concurrent use. nil: that
	// stands.
	Classify func(*Error, Class) Class

	// Logger gets a Debug record for each exchange, Info for uploads that
	// begin and end or wait for a throttled host, and Warn for retries. URLs are logged without query and
	// user information. nil: silent.
	Logger *slog.Logger

	// ChunkSize is the most bytes that one PATCH carries, for servers or
	// proxies that limit the size of a request. A stream is sent in chunks in
	// any case, and keeps at least one of them in memory, see
	// StreamOptions.Window. 0: all that is left in one request, which is
	// fastest. Negative: ErrInvalidOption.
	ChunkSize int64

	// ChunkRule is what the server demands of the size of a chunk. Where it
	// limits the size and ChunkSize is 0, chunks are the largest allowed; a
	// ChunkSize that breaks it is ErrInvalidOption. The zero value: nothing.
	ChunkRule ChunkRule

	// InlineSize is the largest upload, in bytes, that is sent along with its
	// creation where the server is known to support that (tus 1.0.0, Creation
	// With Upload), see Client.Learn. 0: 1 MiB. Negative: none is.
	InlineSize int64

	// Checksum has each request carry a checksum of its bytes, which the server
	// checks before it keeps them (tus 1.0.0, Checksum): ChecksumAuto, or one
	// of ChecksumAlgorithms, which is ErrUnsupported on a server that does not
	// announce it. Bytes that arrive damaged are sent again. Where the server
	// takes the checksum after the bytes, it costs one pass over them; if not,
	// they are read twice, and sent in chunks of 16 MiB where no chunk size is
	// set. "": none.
	Checksum string

	// RateLimit is how many bytes of uploads all requests of the Client
	// together send in a second. 0: no limit. Negative: ErrInvalidOption.
	RateLimit int64

	// Concurrency is how many uploads UploadAll and UploadConcat send side by
	// side. 0: 3. Negative: ErrInvalidOption.
	Concurrency int

	// StallTimeout is how long a request may go without a sign of life: no
	// byte taken by the network and no answer. The request then fails with
	// ErrStalled, which is worth a retry. The time a source takes to deliver
	// does not count. While a request waits for one of the connections that the
	// Doer allows, and that shows by package httptrace, FinishTimeout holds.
	// 0: 30 s. Negative: no limit.
	StallTimeout time.Duration

	// FinishTimeout takes the place of StallTimeout while the server handles
	// the end of an upload: after its last byte, and while it joins or
	// deletes uploads. 0: 10 minutes. Negative: no limit.
	FinishTimeout time.Duration

	// Store keeps records of unfinished uploads, so that a later Upload of the
	// same file goes on where an earlier one stopped, also after a crash. Only
	// sources that can be found again have records, Path and File, and only
	// above 1 MiB. A store that fails is a warning in the log; the upload
	// goes on without it. nil: there are no records.
	Store Store

	// Sent keeps which files were sent completely, so that Upload sends none of
	// them twice: where it has a record of the file as it is now, the server is
	// asked, and only what it lacks is sent. An upload that is gone is made
	// again, as Recreate says. Sources that have no name a later run could find
	// them by, such as streams, are sent always. Nil keeps nothing.
	Sent SentStore

	// Account names on whose behalf uploads are sent, for Store and Sent: a record
	// of one account is never used for another one, nor for none, and the
	// other way round. Set it where several accounts use one endpoint, since
	// endpoint and file are all that tells records apart otherwise. It is no
	// secret: records hold it as it is. A new password or token for the same
	// account should not change it. At most 256 bytes, printable, or
	// ErrInvalidOption. "": no account.
	Account string

	// RefuseInUse ends the upload of a file that another program has open for
	// writing, or has mapped into memory to write to it, with ErrSourceInUse: before
	// anything is sent, or at the end if the program opened it meanwhile. Only Linux
	// tells of such programs, of files of the same user (or with CAP_LEASE) on file
	// systems with leases, which most of a single machine have; other files are
	// sent. False: the upload goes on, with a warning in the log and Result.InUse.
	RefuseInUse bool

	// Recreate says when a new upload is made though there is a record of an
	// earlier one. 0: RecreateGone.
	Recreate Recreate

	// TrustedOrigins are origins, such as "https://cdn.example:8443", that get
	// Header, the headers of single calls, what the middleware in Doer adds, and
	// its client certificate, as the origin of Endpoint does. A redirect to one
	// of them still loses them: that is decided by the Doer. nil: a Location on
	// another origin gets none of it.
	TrustedOrigins []string

	// ForeignCredentials makes every origin a trusted one.
	ForeignCredentials bool
}

// Errors of a Client and its calls that are found before anything is sent; test
// for them with errors.Is.
var (
	// ErrNoEndpoint means that a call needs Config.Endpoint.
	ErrNoEndpoint = errors.New("no endpoint configured")

	// ErrInvalidURL means that a URL is not an absolute http or https URL.
	ErrInvalidURL = errors.New("invalid URL")

	// ErrInvalidOption means that an option has a value that makes no sense,
	// or a header that cannot be sent.
	ErrInvalidOption = errors.New("invalid option")
)

// Client creates and sends uploads. [New] makes one; the zero value is of no
// use. It is safe for concurrent use and keeps no state of single uploads.
type Client struct {
	endpoint *url.URL // nil: none
	address  string   // of the endpoint, "": none
	doer     transport.Doer
	header   http.Header
	policy   retry.Policy
	locked   retry.Policy
	classify func(*Error, Class) Class
	limits   bodyLimits
	gates    gates
	store    Store
	sent     SentStore // nil: none
	account  string    // "": none
	recreate Recreate
	log      *slog.Logger

	chunkSize   int64
	rule        ChunkRule
	inline      int64 // -1: never
	checksum    string
	pace        *pace // nil: no limit
	able        abilities
	trusted     []*url.URL
	concurrency int
	stall       time.Duration // 0: no limit
	finish      time.Duration // 0: no limit
	foreign     bool
	refuseInUse bool
}

// New checks cfg and returns a Client. No request is sent. The error Is
// [ErrInvalidURL] or [ErrInvalidOption].
func New(cfg Config) (*Client, error) {
	c := &Client{
		doer:        cfg.Doer,
		header:      cfg.Header.Clone(),
		policy:      cfg.Retry,
		locked:      cfg.Locked,
		classify:    cfg.Classify,
		store:       cfg.Store,
		sent:        cfg.Sent,
		account:     cfg.Account,
		recreate:    cfg.Recreate,
		log:         cfg.Logger,
		chunkSize:   cfg.ChunkSize,
		rule:        cfg.ChunkRule,
		inline:      cfg.InlineSize,
		checksum:    cfg.Checksum,
		concurrency: cfg.Concurrency,
		stall:       limit(cfg.StallTimeout, DefaultStallTimeout),
		finish:      limit(cfg.FinishTimeout, DefaultFinishTimeout),
		foreign:     cfg.ForeignCredentials,
		refuseInUse: cfg.RefuseInUse,
	}
	if c.header == nil {
		c.header = http.Header{}
	}
	if c.doer == nil {
		c.doer = nethttp.New(nethttp.Config{})
	}
	if c.policy == nil {
		c.policy = retry.Backoff{}
	}
	if c.locked == nil {
		c.locked = retry.Backoff{Initial: 2 * time.Second, Max: 5 * time.Second, Jitter: 0.5, MaxAttempts: -1, MaxElapsed: 90 * time.Second}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.concurrency == 0 {
		c.concurrency = DefaultConcurrency
	}
	if c.concurrency < 0 {
		return nil, fmt.Errorf("client: %w: concurrency %d is negative", ErrInvalidOption, c.concurrency)
	}
	if c.inline == 0 {
		c.inline = defaultInlineSize
	}
	if err := CheckAccount(c.account); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if err := c.rule.validate(); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if err := c.rule.check(c.chunkSize); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if err := checkChecksum(c.checksum); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if cfg.RateLimit < 0 {
		return nil, fmt.Errorf("client: %w: rate limit %d is negative", ErrInvalidOption, cfg.RateLimit)
	}
	c.pace = newPace(cfg.RateLimit)
	for _, origin := range cfg.TrustedOrigins {
		u, err := parseURL(origin)
		if err == nil && (u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
			err = fmt.Errorf("%w: it is more than scheme, host and port", ErrInvalidURL)
		}
		if err != nil {
			return nil, fmt.Errorf("client: trusted origin: %w", err)
		}
		c.trusted = append(c.trusted, u)
	}
	if err := checkHeader(c.header); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if cfg.Endpoint == "" {
		return c, nil
	}
	u, err := parseURL(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("client: endpoint: %w", err)
	}
	// A Location never repeats the user information of the endpoint, so it has
	// to travel as a header to reach the requests that follow the creation.
	if u.User != nil {
		if c.header.Get("Authorization") == "" {
			c.header.Set("Authorization", basicAuth(u.User))
		}
		u.User = nil
	}
	c.endpoint, c.address = u, u.String()
	return c, nil
}

// CloseIdleConnections closes the connections of Config.Doer that no request
// uses, where the Doer has a method of that name, as the default one and
// *http.Client have. The Client can be used on.
func (c *Client) CloseIdleConnections() {
	if d, ok := c.doer.(interface{ CloseIdleConnections() }); ok {
		d.CloseIdleConnections()
	}
}

// Endpoint returns the creation URL without user information, or "" where none
// is configured.
func (c *Client) Endpoint() string { return c.address }

func (c *Client) creationURL() (string, error) {
	if c.endpoint == nil {
		return "", ErrNoEndpoint
	}
	return c.address, nil
}

// mayShare tells whether headers given for the endpoint may go to u. Without an
// endpoint they were given for home; nil is any URL.
func (c *Client) mayShare(u, home *url.URL) bool {
	if c.endpoint != nil {
		home = c.endpoint
	}
	return c.foreign || home == nil || sameOrigin(home, u) ||
		slices.ContainsFunc(c.trusted, func(t *url.URL) bool { return sameOrigin(t, u) })
}

// once marks requests of a loop that retries by itself, so that no Doer below
// multiplies its tries.
func once(ctx context.Context) context.Context { return transport.SingleAttempt(ctx) }

func basicAuth(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}

func limit(d, def time.Duration) time.Duration {
	switch {
	case d == 0:
		return def
	case d < 0:
		return 0
	}
	return d
}
