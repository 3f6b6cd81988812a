// Package doctor finds the problems between this machine and a tus server. It sends
// one OPTIONS, creates one upload that is never completed, and sends a few requests
// to that upload that end too early or are too large.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// Status is the severity of a finding.
type Status string

// The values of Status.
const (
	OK   Status = "ok"
	Warn Status = "warn" // uploads work; they work better with the advice
	Fail Status = "fail" // uploads do not work
)

// A Finding is the outcome of one check.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"` // a flag, mostly; "": nothing to do

	// Err is the reason why a check failed. It is nil if the check did not fail or
	// if no exchange caused the failure.
	Err error `json:"-"`
}

// The bounds of one run.
const (
	MaxRequests = 64       // in all
	MaxBytes    = 64 << 20 // sent in all
)

// Config tells which endpoint to examine, and how long that may take.
type Config struct {
	// Client is the configuration of the client. Its Endpoint is examined. No
	// request is retried.
	Client client.Config

	// Metadata is sent with the creation. nil: the filename FileName.
	Metadata protocol.Metadata

	// OnFinding is called with each finding as soon as it is known. Nil: no call.
	OnFinding func(Finding)

	// Limit bounds each exchange. Zero: 15 s. A request with a large body may take
	// four times as long.
	Limit time.Duration

	// Settle is the time in which bytes should reach the server. Zero: half a
	// second. On a slow network it is longer.
	Settle time.Duration

	// Pause is how long a connection should stay open while it is not used. Zero: 2
	// s.
	Pause time.Duration

	// Clock is for the waits before a request is repeated. nil: the clock of this machine.
	Clock Clock
}

// Report contains all findings.
type Report struct {
	Endpoint string    `json:"endpoint"`
	Verdict  string    `json:"verdict"` // one line
	Findings []Finding `json:"findings"`
	Flags    []Flag    `json:"flags"` // that uploads to this server should have
	Left     []string  `json:"left"`  // URLs of uploads that could not be deleted
}

// examination is one run.
type examination struct {
	Config
	c      *client.Client
	tap    *tap
	report Report
	chunk  int64 // the smallest chunk size of any advice, 0: none

	caps protocol.Capabilities
	url  string // URL of the upload, "": no upload

	isOverriding bool // PATCH is sent as POST

	isFound  bool   // something answered for the upload at its Location
	location string // the Location of the creation, as the server sent it

	offset int64 // offset that the server named last
	length int64 // length of the upload
	body   int64 // size of the largest body that passed
	sent   int64 // bytes of all bodies
}

// Run examines the endpoint. If ctx ends, the report contains the findings so far,
// and the upload is still deleted. The error is that of client.New.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if cfg.Limit == 0 {
		cfg.Limit = 15 * time.Second
	}
	if cfg.Settle == 0 {
		cfg.Settle = 500 * time.Millisecond
	}
	if cfg.Pause == 0 {
		cfg.Pause = 2 * time.Second
	}
	if cfg.Clock == nil {
		cfg.Clock = systemClock{}
	}
	e := &examination{report: Report{Findings: []Finding{}, Flags: []Flag{}, Left: []string{}}}
	e.tap = &tap{next: cfg.Client.Doer}
	cfg.Client.Doer = e.tap
	cfg.Client.Retry = retry.Never
	if cfg.Client.StallTimeout == 0 || cfg.Client.StallTimeout > cfg.Limit {
		cfg.Client.StallTimeout = cfg.Limit
	}
	if cfg.Client.FinishTimeout == 0 || cfg.Client.FinishTimeout > cfg.Limit {
		cfg.Client.FinishTimeout = cfg.Limit
	}
	c, err := client.New(cfg.Client)
	if err != nil {
		return nil, err
	}
	e.c, e.Config = c, cfg
	e.report.Endpoint = output.RedactURL(c.Endpoint())
	defer e.tap.close()
	e.run(ctx)
	e.conclude()
	return &e.report, nil
}

func (e *examination) run(ctx context.Context) {
	if !e.options(ctx) {
		return
	}
	created := e.create(ctx)
	if e.url != "" {
		// The upload is deleted even if the user interrupts the run.
		defer e.cleanUp(context.WithoutCancel(ctx))
	}
	if !created || !e.find(ctx) || !e.bodies(ctx) {
		return
	}
	// Nothing is known of an open request if HEAD has old offsets.
	if e.cache(ctx) && !e.flow(ctx) {
		return
	}
	for _, check := range []func(context.Context){e.affinity, e.headers, e.idle} {
		if ctx.Err() != nil {
			return
		}
		check(ctx)
	}
}

func (e *examination) found(f Finding) {
	e.report.Findings = append(e.report.Findings, f)
	if e.OnFinding != nil {
		e.OnFinding(f)
	}
}

func (e *examination) ok(check, advice, format string, args ...any) {
	e.found(Finding{Check: check, Status: OK, Detail: fmt.Sprintf(format, args...), Advice: advice})
}

func (e *examination) warn(check, advice, format string, args ...any) {
	e.found(Finding{Check: check, Status: Warn, Detail: fmt.Sprintf(format, args...), Advice: advice})
}

// fail reports an exchange that failed. If advice is "", it gives the advice for
// the error.
func (e *examination) fail(check, advice string, err error) {
	if advice == "" {
		advice = adviceFor(err)
	}
	e.found(Finding{Check: check, Status: Fail, Detail: plain(err), Advice: advice, Err: err})
}

// exchange returns a context that bounds one exchange.
func (e *examination) exchange(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, e.Limit)
}

// patch sends n zero bytes. It repeats a request whose reused connection died.
func (e *examination) patch(ctx context.Context, n int64) error {
	ctx, cancel := context.WithTimeout(ctx, bodyLimits*e.Limit)
	defer cancel()
	return e.onceMore(ctx, func(ctx context.Context) error {
		body := &gate{size: n, open: n}
		reply, err := e.c.Patch(ctx, e.url, protocol.Patch{Offset: e.offset}, body, n, nil)
		e.sent += body.read()
		if err == nil {
			e.offset = reply.State.Offset
		}
		return err
	})
}

// head asks for the offset of the upload.
func (e *examination) head(ctx context.Context) error {
	_, err := e.headWith(ctx, nil)
	return err
}

// headWith is head with additional headers.
func (e *examination) headWith(ctx context.Context, header http.Header) (*client.Reply, error) {
	ctx, cancel := e.exchange(ctx)
	defer cancel()
	var reply *client.Reply
	err := e.onceMore(ctx, func(ctx context.Context) (err error) {
		reply, err = e.c.Head(ctx, e.url, &client.CallOptions{Header: header})
		return err
	})
	if err == nil {
		e.offset = reply.State.Offset
	}
	return reply, err
}

// onceMore repeats a request over a new connection if its reused connection died.
// A success of the second request shows that the connection was the fault.
func (e *examination) onceMore(ctx context.Context, send func(context.Context) error) error {
	err := send(ctx)
	exchange, ok := errors.AsType[*client.Error](err)
	if !ok || !exchange.Stale || ctx.Err() != nil {
		return err
	}
	unused := e.tap.last()
	if err = send(transport.FreshConnection(ctx)); err == nil {
		e.tap.dead(unused)
	}
	return err
}

// isBusy tells whether another request held the upload. tusd answers 500 after it has
// waited for the lock.
func isBusy(err error) bool {
	exchange, ok := errors.AsType[*client.Error](err)
	return ok && (exchange.Class == client.ClassLocked || exchange.StatusCode == http.StatusLocked)
}

// patiently repeats a request while the server is busy, and asks for the offset
// before each repetition.
func (e *examination) patiently(ctx context.Context, send func(context.Context) error) error {
	for tries := 1; ; tries++ {
		err := send(ctx)
		if !isBusy(err) || tries == patience || !e.Clock.Sleep(ctx, e.Settle<<tries) {
			return err
		}
		if e.url != "" {
			_ = e.head(ctx)
		}
	}
}

// left returns the number of body bytes that may still be sent.
func (e *examination) left() int64 { return min(MaxBytes-e.sent, e.length-1-e.offset) }

// plain returns the text of an error without the URL, which is the same in all
// findings.
func plain(err error) string {
	if e, ok := errors.AsType[*client.Error](err); ok {
		short := *e
		short.URL = ""
		return output.ErrorText(&short)
	}
	return output.ErrorText(err)
}

// rounded rounds a duration for people.
func rounded(d time.Duration) time.Duration {
	if d < time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	digits := math.Floor(math.Log10(float64(d)))
	return d.Round(time.Duration(math.Pow(10, digits-1)))
}
