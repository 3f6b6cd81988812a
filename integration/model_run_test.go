package integration

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// modelTime is longer than the duration of any script.
const modelTime = 24 * time.Hour

var (
	errStopped = errors.New("stopped by the script")
	errEndless = errors.New("no end in sight")
)

// Names of the calls that a script makes.
const (
	firstCall  = "first call"
	secondCall = "second call"
	lastCall   = "last call, without faults"
)

// modelContent returns bytes. Each script sends the first of them.
var modelContent = sync.OnceValue(func() []byte { return content(mib + 512*kib) })

// run is a running script.
type run struct {
	script  script
	dir     string
	host    string
	content []byte
	witness *witness

	server  *testserver.Server
	client  *client.Client
	store   client.MemoryStore
	healed  atomic.Bool   // no more faults fire
	fired   []atomic.Bool // whether each fault fired or could have fired
	tokens  atomic.Int64
	orphans int
	url     string
}

func newRun(s script, dir, host string) *run {
	r := &run{
		script: s, dir: dir, host: host, content: modelContent(),
		fired: make([]atomic.Bool, len(s.spoil)),
	}
	r.witness = newWitness(s, r.content)
	return r
}

// bubble runs the script in a bubble of synctest.
func (r *run) bubble(t *testing.T) {
	network := testserver.NewNetwork()
	r.server = testserver.New(t, r.script.sum.config(testserver.Config{Network: network, Addr: r.host, Dir: r.dir + "/uploads"}))
	for i, f := range r.script.spoil {
		r.server.Inject(testserver.Fault{Method: f.method, Times: f.times, Do: f.do, Match: func(*http.Request) bool {
			if r.healed.Load() {
				return false
			}
			r.fired[i].Store(true)
			return true
		}})
	}
	hc := nethttp.New(nethttp.Config{DialContext: network.DialContext, NoProxy: true, HTTP1Only: true})
	r.witness.doer = hc
	cfg := client.Config{
		Endpoint: r.server.URL(), Doer: r.witness, ChunkSize: r.script.chunk,
		Retry: retry.Backoff{MaxAttempts: r.script.tries}, Checksum: r.script.sum.algorithm,
	}
	if r.script.token {
		cfg.Doer = transport.Chain(r.witness, transport.Bearer(transport.TokenFunc(r.token)))
	}
	if r.script.store {
		cfg.Store = &r.store
	}
	r.client = newClient(t, cfg)
	r.calls(t)
	hc.CloseIdleConnections()
	r.server.Close()
	r.checkServer()
}

// token returns a different token each time.
func (r *run) token(context.Context) (string, error) {
	return fmt.Sprintf("token-%d", r.tokens.Add(1)), nil
}

// calls makes the first call. If it fails, calls makes a second call, and if that fails,
// a last call without faults.
func (r *run) calls(t *testing.T) {
	t.Helper()
	err := r.play(t, call{name: firstCall})
	if err != nil && r.script.mustEndWell() {
		r.witness.fault("an error that nothing excuses: %v", err)
	}
	for _, name := range []string{secondCall, lastCall} {
		if err == nil || r.url == "" && !r.script.store {
			return
		}
		r.healed.Store(name == lastCall)
		disputed := r.script.store && errors.Is(err, client.ErrIntegrity)
		// A misplaced upload has no record.
		joins := r.url != "" && (!r.script.store || !errors.Is(err, client.ErrMisplaced))
		err = r.play(t, call{name: name, joins: joins, replaces: r.script.store, disputed: disputed, unheard: r.isUnheard()})
	}
	// An upload that exists after the last failure can be resumed.
	_, missing := r.server.Info(r.url)
	if err != nil && missing == nil && r.script.src.damage == intact {
		r.witness.fault("no fault is left: %v", err)
	}
}

// isUnheard reports whether the record of an upload knows no answer about it.
func (r *run) isUnheard() bool {
	for rec, err := range r.store.List(context.Background()) {
		if err == nil && rec.Offset == 0 && !rec.Uncertain && rec.Reach == (protocol.Length{}) && rec.Denial == (client.Denial{}) {
			return true
		}
	}
	return false
}

// play makes one call and checks its result.
func (r *run) play(t *testing.T, c call) error {
	t.Helper()
	src, lent, err := r.script.src.open(r.content, r.dir, r.script.seed+uint64(len(c.name)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	ctx, stop := context.WithTimeoutCause(ctx, modelTime, errEndless)
	defer stop()
	if after := r.script.stop.after; after > 0 && c.name == firstCall {
		defer time.AfterFunc(after, func() { cancel(errStopped) }).Stop()
	}
	r.witness.start(ctx, c, cancel)

	var o outcome
	ended := false
	opts := &client.UploadOptions{OnEvent: func(ev client.Event) {
		if ended {
			r.witness.fault("event %v after the end", ev.Kind)
		}
		o.events = append(o.events, ev)
		ended = ev.Kind == client.EventDone || ev.Kind == client.EventFailed
		r.witness.event(ev)
	}}
	if c.name == firstCall || r.script.store {
		o.result, o.err = r.client.Upload(ctx, src, opts)
	} else {
		o.result, o.err = r.client.Resume(ctx, r.url, src, opts)
	}
	close(lent.back)
	r.orphans += o.result.Orphans
	r.url = o.result.URL
	r.checkEvents(o)
	// A canceled run may still write to the store.
	synctest.Wait()
	if o.err == nil {
		r.checkDone(o.result)
	} else {
		r.checkError(o)
	}
	if lent.late.Load() {
		r.witness.fault("the source was read after the call had returned")
	}
	return o.err
}

// checkEvents compares the events with the result.
func (r *run) checkEvents(o outcome) {
	retries := 0
	for _, ev := range o.events {
		if ev.Kind == client.EventRetry {
			retries++
		}
	}
	// A retry is an event before its wait, and the call may be canceled during the wait.
	waiting := retries == o.result.Retries+1 && errors.Is(o.err, errStopped)
	if retries != o.result.Retries && !waiting {
		r.witness.fault("%d retries in the result, %d events", o.result.Retries, retries)
	}
	want := client.EventDone
	if o.err != nil {
		want = client.EventFailed
	}
	if len(o.events) == 0 {
		r.witness.fault("no events")
	} else if last := o.events[len(o.events)-1]; last.Kind != want || last.Offset != o.result.Offset {
		r.witness.fault("last event %v at %d, want %v at %d", last.Kind, last.Offset, want, o.result.Offset)
	}
}

// checkDone checks a call without an error: the server has all bytes of the source, and
// the upload is complete.
func (r *run) checkDone(res *client.Result) {
	src := r.script.src
	r.witness.say("done: %d bytes", res.Offset)
	if r.witness.call.deleted {
		r.witness.fault("done, though the upload was deleted")
	}
	if bad := src.damage == long || src.damage != intact && (src.at < src.size || src.kind == fromUnknown); bad {
		r.witness.fault("no error, though the source is %v", src.damage)
	}
	if res.Offset != src.size || res.Length != protocol.Known(src.size) {
		r.witness.fault("done at %d of %v, want %d", res.Offset, res.Length, src.size)
	}
	r.checkComplete()
	for rec, err := range r.store.List(context.Background()) {
		r.witness.fault("done: the record is still there: %v, %v", rec, err)
	}
}

func (r *run) checkComplete() {
	got, err := r.server.Bytes(r.url)
	if err != nil {
		r.witness.fault("done: %v", err)
		return
	}
	if want := r.content[:r.script.src.size]; sha256.Sum256(got) != sha256.Sum256(want) {
		r.witness.fault("done: the server has %d bytes of another content, want %d", len(got), len(want))
	}
	info, err := r.server.Info(r.url)
	if err != nil || info.Length != protocol.Known(r.script.src.size) {
		r.witness.fault("done: the server takes the length for %v: %v", info.Length, err)
	}
}

// checkError checks that the script explains the error of a call.
func (r *run) checkError(o outcome) {
	w, err := r.witness, o.err
	w.mu.Lock()
	w.note("failed at %d: %v", o.result.Offset, err)
	c := w.call
	w.mu.Unlock()
	if why := r.excuse(c, err); why != "" {
		w.fault("%s: %v", why, err)
	}
	if r.url == "" {
		return
	}
	u, perr := url.Parse(r.url)
	if perr != nil {
		w.fault("result: %v", perr)
		return
	}
	w.mu.Lock()
	most := w.upload(u.Path).most
	w.mu.Unlock()
	if o.result.Offset > most {
		w.fault("result at %d, the server never named more than %d", o.result.Offset, most)
	}
	got, berr := r.server.Bytes(r.url)
	switch {
	case errors.Is(berr, fs.ErrNotExist):
	case berr != nil:
		w.fault("stored: %v", berr)
	case !r.lied() && int64(len(got)) < o.result.Offset:
		w.fault("result at %d, the server has %d", o.result.Offset, len(got))
	}
}

// lied reports whether an offset may have been wrong, or may have decreased.
func (r *run) lied() bool {
	for i, f := range r.script.spoil {
		if (f.lies || f.loses) && r.fired[i].Load() {
			return true
		}
	}
	return false
}

// excuse returns the problem with an error, or "".
func (r *run) excuse(c call, err error) string {
	src := r.script.src
	switch {
	case errors.Is(err, errEndless), errors.Is(err, errTooMany):
		return "no end"
	case errors.Is(err, errStopped) && errors.Is(err, context.Canceled):
		return ""
	case errors.Is(err, client.ErrSource):
		return r.excuseSource(err)
	case c.lacks && errors.Is(err, client.ErrUnsupported):
		return ""
	case c.hollow && errors.Is(err, protocol.ErrMissingHeader):
		return ""
	case c.uncertain && c.created == 0 && errors.Is(err, client.ErrUncertain):
		return ""
	case c.back && errors.Is(err, protocol.ErrNotFound):
		return "" // the client asked again before the upload was gone
	case len(c.final) == 0:
	default:
		return oneOf(err, c.final)
	}
	if errors.Is(err, retry.ErrExhausted) {
		if c.mishaps >= r.script.tries || c.waited && time.Since(c.since) > time.Minute {
			return ""
		}
		return fmt.Sprintf("given up after %d failures in a row and %v", c.mishaps, time.Since(c.since))
	}
	if src.damage != intact {
		return fmt.Sprintf("the source is %v, and the error is another", src.damage)
	}
	return "an error that nothing excuses"
}

func oneOf(err error, want []error) string {
	for _, e := range want {
		if errors.Is(err, e) {
			return ""
		}
	}
	return fmt.Sprintf("want an error that is %v", want)
}

func (r *run) excuseSource(err error) string {
	src := r.script.src
	switch {
	case errors.Is(err, client.ErrSourceWindow):
		if src.stream() && r.lied() {
			return ""
		}
	case errors.Is(err, errBroken):
		if src.damage == broken {
			return ""
		}
	case errors.Is(err, client.ErrSourceChanged):
		if src.damage == short || src.damage == long {
			return ""
		}
		// The stream may have ended before the server's offset.
		if src.stream() && r.lied() {
			return ""
		}
	}
	return "nothing is wrong with the source"
}

// checkServer checks the stored uploads after all calls.
func (r *run) checkServer() {
	w := r.witness
	urls, err := r.server.Uploads()
	if err != nil {
		w.fault("%v", err)
	}
	for _, u := range urls {
		got, err := r.server.Bytes(u)
		if err != nil {
			w.fault("stored: %v", err)
			continue
		}
		if n := len(got); n > int(r.script.src.size) || string(got) != string(r.content[:n]) {
			w.fault("the server has %d bytes at %s that are no beginning of the source", n, u)
		}
	}
	known := 0
	for path := range w.uploads {
		if path != "/files/" {
			known++
		}
	}
	if len(urls) > known+r.orphans {
		w.fault("%d uploads on the server, of which the client knows %d and lost %d", len(urls), known, r.orphans)
	}
	r.checkPatches()
}

// checkPatches compares the requests at the server with those of the client. No PATCH
// arrives twice, unless it was redirected.
func (r *run) checkPatches() {
	left := map[sentPatch]int{}
	for _, p := range r.witness.patches {
		left[p]++
	}
	for _, req := range r.server.Requests() {
		p := sentPatch{req.Path, req.Offset}
		if req.Method != http.MethodPatch {
			continue
		}
		if left[p]--; left[p] < 0 && !r.redirected() {
			r.witness.fault("the server saw a PATCH at %d that nobody sent, or twice", p.offset)
		}
	}
}

func (r *run) redirected() bool {
	for i, f := range r.script.spoil {
		if f.sends && r.fired[i].Load() {
			return true
		}
	}
	return false
}
