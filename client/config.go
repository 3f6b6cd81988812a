package client

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Defaults of fields of [Config], for callers that show them or calculate with them.
const (
	DefaultConcurrency   = 3
	DefaultStallTimeout  = 30 * time.Second
	DefaultFinishTimeout = 10 * time.Minute

	DefaultAskAfterCancel = 2 * time.Second
)

const defaultInlineSize = 1 << 20

// ChecksumAuto is a value of Config.Checksum: the best algorithm that the server
// announces, or none.
const ChecksumAuto = tus.ChecksumAuto

// ChecksumAlgorithms returns the names that Config.Checksum may have besides ChecksumAuto,
// best first.
func ChecksumAlgorithms() []string { return tus.ChecksumAlgorithms() }

// AnyOrigin is a value of Config.TrustedOrigins that stands for every origin. Credentials then
// go to any host that the server names in a Location.
const AnyOrigin = "*"

// Limits are what a server demands of uploads and requests.
type Limits = protocol.Limits

// Config says where uploads go and how. The zero value of every field is its default, so
// Config{Endpoint: u} is complete. [New] copies what it needs.
type Config struct {
	// Endpoint is the creation URL of the server, such as https://tus.example/files/. User
	// information in it is sent as basic authentication. "": the Client only works on the
	// URLs of uploads that exist, and calls that create fail with ErrNoEndpoint.
	Endpoint string

	// Doer sends the requests. It must be safe for concurrent use. nil:
	// nethttp.New(nethttp.Config{}), see Client.CloseIdleConnections.
	Doer transport.Doer

	// Header is sent with every request, under the headers of the protocol and those of a
	// single call. Host replaces the host of the URL. It goes to the origin of Endpoint
	// only, see TrustedOrigins. nil: none.
	Header http.Header

	// Jar keeps cookies, such as those by which a load balancer finds the node that has an
	// upload. Its cookies go to the origin of Endpoint only, after those in Header, and only
	// that origin can set them; TrustedOrigins have none. Without Endpoint, it is the origin of
	// the URL that a call was given. Jar must be safe for concurrent use. nil: no cookie is
	// kept.
	Jar http.CookieJar

	// Retry decides whether a failed request is repeated, and when; retry.Never fails at
	// once. nil: retry.Backoff{}, which makes 10 attempts in a row without progress, and
	// waits at most 60 s, at least as long as the server asks for. Policies such as
	// retry.Delays do not look at what the server asks for.
	//
	// A host that answers with 429, or with 5xx and Retry-After, asks for fewer requests.
	// All uploads, parts and downloads of this Client then wait before their next request
	// to that host, as long as the one that got the answer, but no longer than Retry allows
	// for a single wait: with retry.Never none waits. Each wait is an EventWaiting. Calls
	// of a single exchange, such as Head, Patch and Terminate, are sent at once, and so is
	// the deletion of parts that are left over. Other Clients are not affected.
	Retry retry.Policy

	// Locked decides on waits while another request holds the upload. It has its own
	// count. If Retry allows no retry at all, neither does Locked. nil: DefaultLocked, waits
	// of 1 to 5 s, for 90 s without progress.
	Locked retry.Policy

	// Classify returns the class of a failed exchange. It is called with the class that the
	// Client would use. It must be safe for concurrent use. nil: the Client's class is used.
	Classify func(*Error, Class) Class

	// Logger gets a Debug record for each exchange, Info for uploads that begin and end or
	// wait for a throttled host, and Warn for retries. URLs are logged without query and user
	// information. nil: silent.
	Logger *slog.Logger

	// ChunkSize is the most bytes that one PATCH carries, for servers or proxies that limit
	// the size of a request. A stream is always sent in chunks, and keeps at least one of
	// them in memory, see StreamOptions.Window. 0: one request carries all remaining bytes,
	// which is fastest. Negative: ErrInvalidOption.
	ChunkSize int64

	// Protocol is the protocol of uploads: ProtocolTus, ProtocolRUFH, "rufh/3" to "rufh/10", or
	// ProtocolAuto. "": ProtocolTus. Any other: ErrInvalidOption. An upload that is resumed from
	// Store keeps the protocol that it was begun with. Only tus has parallel parts, checksums,
	// metadata other than name and type, and calls of a single exchange other than Terminate.
	Protocol string

	// Limits are what the server demands, if it does not announce that. If MaxRequest is set
	// and ChunkSize is 0, chunks have the largest size that the limits allow. A ChunkSize
	// that breaks the limits is ErrInvalidOption, and so is a source that is too large or
	// too small for an upload; nothing is sent then. An unfinished upload expires after
	// MaxAge unless the server says when. The zero value: no limit.
	Limits Limits

	// InlineSize is the largest upload, in bytes, that is sent along with its creation if
	// the server is known to support that (tus 1.0.0, Creation With Upload), see
	// Client.Learn. A host that answers such a creation with a success and no Location gets
	// no further one. 0: 1 MiB. Negative: none is.
	InlineSize int64

	// Checksum has each request carry a checksum of its bytes, which the server checks
	// before it keeps them (tus 1.0.0, Checksum): ChecksumAuto, or one of
	// ChecksumAlgorithms, which is ErrUnsupported on a server that does not announce it.
	// Bytes that arrive damaged are sent again. If the server takes the checksum after the
	// bytes, it costs one pass over them; otherwise they are read twice, and sent in chunks
	// of 16 MiB if no chunk size is set. "": none.
	Checksum string

	// RateLimit is how many bytes of uploads all requests of the Client together send in a
	// second. 0: no limit. Negative: ErrInvalidOption.
	RateLimit int64

	// RateLimitAt returns the RateLimit at a time, for a limit that changes during uploads,
	// such as one for working hours. It is called with the current time whenever bytes are
	// sent, many times a second, so it should be fast. A change applies to running requests,
	// too. 0 and less: no limit at that time. It must be safe for concurrent use. nil:
	// RateLimit applies. With RateLimit: ErrInvalidOption.
	RateLimitAt func(now time.Time) int64

	// Concurrency is how many uploads UploadAll, UploadEach and UploadConcat send at the same time.
	// 0: 3. Negative: ErrInvalidOption.
	Concurrency int

	// StallTimeout is how long a request may show no sign of life: no byte taken by the
	// network and no answer. The request then fails with ErrStalled, which is worth a
	// retry. The time that a source takes to deliver does not count. While a request waits
	// for one of the connections that the Doer allows, as far as the Doer tells package
	// httptrace, FinishTimeout applies. 0: 30 s. Negative: no limit.
	StallTimeout time.Duration

	// FinishTimeout replaces StallTimeout while the server handles the end of an upload:
	// after its last byte, also if a creation carried it or there is none, and while it joins
	// or deletes uploads. 0: 10 minutes. Negative:
	// no limit.
	FinishTimeout time.Duration

	// AskAfterCancel is how long an upload whose context ended may ask the server how much it
	// has, if bytes were on their way. Result.Offset and the record in Store are then the
	// offset at which a later call resumes. The parts of an upload ask at the same time. 0: 2 s.
	// Negative: Upload returns without asking, and Result.Unacknowledged says how much was sent.
	AskAfterCancel time.Duration

	// StopAsking ends the questions of AskAfterCancel when it is closed, for example at a second
	// Ctrl-C. nil: only their time ends them.
	StopAsking <-chan struct{}

	// Store keeps records of unfinished uploads, so that a later Upload of the same file
	// resumes where an earlier one stopped, also after a crash. Only sources that a later
	// run can recognize have records, and only above 1 MiB. A store that fails causes a
	// warning in the log; the upload continues without it. nil: there are no records.
	Store Store

	// Once has each source sent at most once, by any number of Clients that share Store and
	// Ledger, on any number of machines, although each of them may be killed at any time.
	// Every upload of any size gets a record before its first byte, and is removed from
	// Store only after Ledger has it. If Store or Ledger fails, Upload fails with
	// ErrUnrecorded, and nothing is created or sent from then on; that is worth a retry.
	// Only Path, File and other sources that a later run can recognize can be sent.
	// UploadConcat fails with ErrUnrecorded.
	//
	// Each upload costs a request of its own for its creation, three writes to Store, one to
	// Ledger, and up to 2 s if the file was modified just now. RefuseInUse and a negative
	// InlineSize are implied. An upload whose creation was not answered may leave an empty
	// one behind on the server. No upload is deleted, because another Client may have finished
	// it. The server must lock an upload while it appends to it. True
	// without Store or without Ledger: ErrInvalidOption. False: what is not recorded may be
	// sent again.
	Once bool

	// Ledger keeps which uploads are finished, so that Upload sends none of the files
	// twice: if it has a record of the file in its current state, the server is asked, and
	// only the missing bytes are sent. An upload that is gone is created again if Recreate
	// allows it. A source that no later run could recognize, such as a stream, is always
	// sent. nil: nothing is kept.
	Ledger Ledger

	// TrustLedger skips a source that Ledger has without asking the server, for servers that
	// move finished uploads away, and to save a request for each file. Result.Header has
	// only LedgerHeaders then, and UploadOptions.Verify compares nothing. A record with
	// Denial.Refused is not trusted. False: the server is asked.
	TrustLedger bool

	// LedgerHeaders are names of headers of the last answer, or else of the answer to the
	// creation, that Ledger keeps with a finished upload. With TrustLedger, they are
	// Result.Header of a skipped source. They must not be secrets. nil: none.
	LedgerHeaders []string

	// Account names the account for which uploads are sent, for Store and Ledger: a record of
	// one account is never used for another account, or for none. Set it if several accounts
	// use one endpoint, because otherwise only the endpoint and the file tell records apart.
	// It is not a secret: records contain it. A new password or token for the same account
	// should not change it. At most 256 bytes, printable, or ErrInvalidOption. "": no
	// account.
	Account string

	// RefuseInUse ends the upload of a file that another program has open for writing, or
	// has mapped into memory to write to it, with ErrSourceInUse: before anything is sent,
	// or at the end if the program opened it meanwhile. Only Linux tells of such programs,
	// for files of the same user (or with CAP_LEASE) on file systems with leases, as most
	// local ones are; other files are sent. False: the upload continues, with a warning in
	// the log and Result.InUse.
	RefuseInUse bool

	// Recreate says when a new upload is made although there is a record of an earlier
	// one. 0: RecreateGone.
	Recreate Recreate

	// TrustedOrigins are origins, such as "https://cdn.example:8443", that get Header, the
	// headers of single calls, what the middleware in Doer adds, and its client
	// certificate, as the origin of Endpoint does. [AnyOrigin] stands for every origin. A
	// redirect to another origin still loses them, because the Doer decides on that. nil: a
	// Location on another origin gets none of them.
	TrustedOrigins []string
}

// rulesOf returns the part of cfg that the engine uses.
func rulesOf(cfg Config, log *slog.Logger) *engine.Rules {
	r := &engine.Rules{Retry: cfg.Retry, Locked: cfg.Locked, Limits: cfg.Limits, Log: log}
	r.AskAfterCancel, r.StopAsking = limit(cfg.AskAfterCancel, DefaultAskAfterCancel), cfg.StopAsking
	if r.Retry == nil {
		r.Retry = retry.Backoff{}
	}
	if r.Locked == nil {
		r.Locked = DefaultLocked()
	}
	return r
}

// connOf returns the connection to the server that cfg describes.
func connOf(cfg Config, log *slog.Logger) (*wire.Conn, error) {
	conn := &wire.Conn{
		Doer: cfg.Doer, Header: cfg.Header.Clone(), Jar: cfg.Jar, Log: log, Classify: cfg.Classify,
		Stall: limit(cfg.StallTimeout, DefaultStallTimeout), Finish: limit(cfg.FinishTimeout, DefaultFinishTimeout),
	}
	switch {
	case cfg.RateLimitAt != nil:
		conn.Pace = wire.NewPaceAt(cfg.RateLimitAt)
	case cfg.RateLimit > 0:
		conn.Pace = wire.NewPace(cfg.RateLimit)
	}
	if conn.Header == nil {
		conn.Header = http.Header{}
	}
	if conn.Doer == nil {
		conn.Doer = nethttp.New(nethttp.Config{})
	}
	for _, origin := range cfg.TrustedOrigins {
		if origin == AnyOrigin {
			conn.TrustAll = true
			continue
		}
		u, err := parseOrigin(origin)
		if err != nil {
			return nil, fmt.Errorf("client: trusted origin: %w", err)
		}
		conn.Trusted = append(conn.Trusted, u)
	}
	if cfg.Endpoint == "" {
		return conn, nil
	}
	u, err := address.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("client: endpoint: %w", err)
	}
	conn.SetEndpoint(u)
	return conn, nil
}

func parseOrigin(origin string) (*url.URL, error) {
	u, err := address.Parse(origin)
	if err == nil && (u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
		err = fmt.Errorf("%w: it is more than scheme, host and port", ErrInvalidURL)
	}
	return u, err
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
