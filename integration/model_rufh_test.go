package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// draftDice are the dice for the dialect of a script, so that those of the script stay as they
// are.
const draftDice = 3

// drawsRUFH reports whether the script of a seed speaks Resumable Uploads for HTTP.
func drawsRUFH(seed uint64) bool {
	return dice{rand.New(rand.NewPCG(seed, draftDice))}.in(25)
}

// draftScript is one upload in Resumable Uploads for HTTP, with its faults.
type draftScript struct {
	seed     uint64
	version  rufh.Version
	src      sourceScript
	chunk    int64
	careful  bool // creations have no bytes
	store    bool
	limits   protocol.Limits
	progress int64
	faults   []testserver.Fault
	stop     int64 // the first call is canceled after this number of bytes of content; 0: never
}

func (s draftScript) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "script %d: %v, %v, chunk %d, careful %t, store %t, limits %+v, progress %d, stop %d\n",
		s.seed, s.version, s.src, s.chunk, s.careful, s.store, s.limits, s.progress, s.stop)
	for i, f := range s.faults {
		fmt.Fprintf(&b, "  %2d %s x%d %v\n", i, f.Method, max(f.Times, 1), f.Do)
	}
	return b.String()
}

func newDraftScript(seed uint64) draftScript {
	d := dice{rand.New(rand.NewPCG(seed, draftDice))}
	d.in(25) // see drawsRUFH
	s := draftScript{seed: seed, version: rufh.Oldest + rufh.Version(d.IntN(int(rufh.Newest-rufh.Oldest)+1))}
	size := d.upTo(pick(d, int64(3), 3000, 300*kib))
	s.src = sourceScript{kind: pick(d, fromReaderAt, fromFile, fromFS, fromKnown, fromUnknown), size: size, damage: intact}
	if s.src.stream() {
		s.src.keep, s.src.piece = pick(d, 0, 1+size/8+d.Int64N(size+1)), 1+d.upTo(size)
		if d.in(20) {
			s.src.pause = pick(d, time.Millisecond, time.Second, 45*time.Second)
		}
	}
	s.careful = d.in(30)
	if d.in(30) {
		s.chunk = 1 + size/10 + d.upTo(size)
	}
	if s.version >= 6 && d.in(25) {
		s.limits.MaxRequest = 1 + size/10 + d.upTo(size)
		s.chunk = 0
	}
	if d.in(50) {
		s.progress = 1 + size/10 + d.upTo(size)
	}
	if s.store = d.in(30); s.store {
		s.src.kind, s.src.size = fromFile, mib+1+d.Int64N(256*kib)
		s.chunk, s.limits = 0, protocol.Limits{}
		if d.in(50) {
			s.stop = 1 + d.Int64N(s.src.size)
		}
	}
	for range d.IntN(6) {
		s.faults = append(s.faults, drawDraftFault(d, s.src.size))
	}
	return s
}

// drawDraftFault draws a fault that every upload survives: each costs at most one attempt.
func drawDraftFault(d dice, size int64) testserver.Fault {
	n := d.upTo(size + 1)
	f := testserver.Fault{Method: pick(d, http.MethodPost, http.MethodPatch, http.MethodPatch, http.MethodHead)}
	faults := []testserver.Action{
		testserver.Reset(), testserver.CutAfter(n), testserver.CutAfter(n), testserver.DropReply(), testserver.BlackHole(),
		testserver.StallAfter(n, 31*time.Second), testserver.SlowFinish(time.Minute),
		testserver.RetryAfter(http.StatusServiceUnavailable, 3*time.Second), testserver.RetryAfter(http.StatusTooManyRequests, time.Second),
		testserver.Status(http.StatusInternalServerError, nil, ""), testserver.Status(http.StatusBadGateway, nil, ""),
		testserver.Chain(testserver.CutAfter(n), rufhserver.NoInterim()),
		testserver.Chain(testserver.CutAfter(n), rufhserver.LateInterim(d.upTo(size))),
		testserver.Chain(testserver.CutAfter(n), rufhserver.InterimHeader(rufh.HeaderInteropVersion, "1")),
		rufhserver.FloodInterim(50), rufhserver.LateInterim(n), rufhserver.NoInterim(),
	}
	switch f.Method {
	case http.MethodPatch:
		faults = append(faults, testserver.Status(http.StatusLocked, nil, ""), testserver.Status(http.StatusConflict, nil, ""))
	case http.MethodHead:
		faults = append(faults, rufhserver.OffsetOnly(), testserver.Status(http.StatusConflict, nil, ""), testserver.Status(http.StatusLocked, nil, ""))
	}
	f.Do = pick(d, faults...)
	return f
}

// draftRun is a running script.
type draftRun struct {
	script  draftScript
	content []byte
	dir     string
	host    string
	cancel  context.CancelFunc // of the first call

	mu       sync.Mutex
	faults   []string // what is wrong
	received int64    // bytes of content
	targets  int      // calls of the target with the whole content
}

func (r *draftRun) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// ServeHTTP is the target of the server.
func (r *draftRun) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	got, err := io.ReadAll(req.Body)
	if err != nil || !bytes.Equal(got, r.content) {
		r.fault("the target got %d bytes, want %d: %v", len(got), len(r.content), err)
	}
	r.mu.Lock()
	r.targets++
	r.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
}

// watch counts the bytes that the server reads, and cancels the first call.
func (r *draftRun) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body := req.Body
		req.Body = struct {
			io.Reader
			io.Closer
		}{readFunc(func(p []byte) (int, error) {
			n, err := body.Read(p)
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.received += int64(n); r.script.stop > 0 && r.received >= r.script.stop {
				r.cancel()
			}
			return n, err
		}), body}
		next.ServeHTTP(w, req)
	})
}

// continueAll keeps watch from canceling further calls.
func (r *draftRun) continueAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script.stop = 0
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func runDraftScript(t *testing.T, s draftScript) {
	t.Helper()
	t.Run(fmt.Sprintf("seed=%d", s.seed), func(t *testing.T) {
		t.Parallel()
		r := &draftRun{script: s, content: modelContent()[:s.src.size], dir: t.TempDir(), host: fmt.Sprintf("m%d.test", modelHosts.Add(1))}
		defer func() {
			if p := recover(); p != nil {
				r.fault("panic: %v", p)
			}
			if len(r.faults) > 0 {
				t.Errorf("%s\n\n%v\nrun again with: %s=%d go test -race -count=20 -run '^TestModel$' ./integration",
					strings.Join(r.faults, "\n"), s, envModelSeed, s.seed)
			}
		}()
		synctest.Test(t, r.bubble)
	})
}

func (r *draftRun) bubble(t *testing.T) {
	s, network := r.script, testserver.NewNetwork()
	server := rufhserver.New(t, rufhserver.Config{
		Server:   testserver.Config{Network: network, Addr: r.host, Wrap: r.watch},
		Versions: []rufh.Version{s.version}, Limits: s.limits, Progress: s.progress, Target: r,
	})
	server.Inject(s.faults...)
	hc := nethttp.New(nethttp.Config{DialContext: network.DialContext, NoProxy: true, HTTP1Only: true})
	cfg := client.Config{Endpoint: server.URL(), Doer: hc, ChunkSize: s.chunk, Protocol: s.version.String()}
	if s.careful {
		cfg.InlineSize = -1
	}
	if s.store {
		cfg.Store = new(client.MemoryStore)
	}
	c := newClient(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.cancel = cancel
	orphans := 0
	res, err := r.call(ctx, c)
	orphans += res.Orphans
	if err != nil && s.stop > 0 && errors.Is(err, context.Canceled) {
		r.continueAll()
		if res.URL == "" {
			orphans++
		}
		res, err = r.call(t.Context(), c)
		orphans += res.Orphans
	}
	hc.CloseIdleConnections()
	server.Close()
	switch {
	case err != nil:
		r.fault("an error that nothing excuses: %v", err)
	case res.Offset != s.src.size || r.targets == 0:
		r.fault("done at %d of %d, the target was called %d times", res.Offset, s.src.size, r.targets)
	case s.version.HasFinalResponse() && (res.Response == nil || res.Response.StatusCode != http.StatusCreated):
		r.fault("done with the response %+v", res.Response)
	}
	r.checkUploads(server, orphans)
}

func (r *draftRun) call(ctx context.Context, c *client.Client) (*client.Result, error) {
	src, lent, err := r.script.src.open(r.content, r.dir, r.script.seed)
	if err != nil {
		return &client.Result{}, err
	}
	res, err := c.Upload(ctx, src, nil)
	close(lent.back)
	if lent.late.Load() {
		r.fault("the source was read after the call had returned")
	}
	return res, err
}

// checkUploads compares what the server has with the source.
func (r *draftRun) checkUploads(server *rufhserver.Server, orphans int) {
	urls, err := server.Uploads()
	if err != nil || len(urls) > 1+orphans {
		r.fault("%d uploads on the server, and the client lost %d: %v", len(urls), orphans, err)
	}
	for _, url := range urls {
		if got, err := server.Bytes(url); err != nil || !bytes.HasPrefix(r.content, got) {
			r.fault("the server has %d bytes at %s that are no beginning of the source: %v", len(got), url, err)
		}
	}
}
