package dialecttest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/retry"
)

// lockWait is how long an upload waits for a lock.
const lockWait = 3 * time.Second

// content has the 100 bytes that the scenarios send.
const content = tens + tens + tens + tens

const tens = "a server keeps bytes, 25."

// run is a scenario under way.
type run struct {
	*testing.T
	front  Frontend
	server *fake.Server
	conn   *wire.Conn
	rules  *engine.Rules
	events []engine.Event
	began  time.Time
}

func start(t *testing.T, f Frontend) *run {
	t.Helper()
	s := fake.New(t, f.Server)
	endpoint, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	return &run{
		T: t, front: f, server: s, began: time.Now(),
		conn: &wire.Conn{
			Doer: s.Doer(), Header: http.Header{}, Endpoint: endpoint, Log: log,
			Stall: 30 * time.Second, Finish: 10 * time.Minute,
		},
		rules: &engine.Rules{Retry: retry.Backoff{}, Locked: retry.Delays(lockWait, lockWait), Log: log},
	}
}

// spec describes an upload of src in requests of at most chunk bytes; 0 means one request.
func (r *run) spec(ctx context.Context, src source.Source, chunk int64) engine.Spec {
	r.Helper()
	opened, err := src.Open(ctx, chunk)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = opened.Close() })
	return engine.Spec{
		Rules: r.rules, Dialect: r.front.New(r.conn), Source: opened, Endpoint: r.server.URL, Chunk: chunk,
		Tell: func(_ context.Context, ev engine.Event) error {
			r.events = append(r.events, ev)
			return nil
		},
	}
}

// upload sends content.
func (r *run) upload(chunk int64) (engine.Result, error) {
	r.Helper()
	return engine.Run(r.Context(), r.spec(r.Context(), source.Bytes([]byte(content)), chunk))
}

// resume sends the rest of content to an upload that exists.
func (r *run) resume(adopt engine.Adopt) (engine.Result, error) {
	r.Helper()
	spec := r.spec(r.Context(), source.Bytes([]byte(content)), 0)
	spec.Adopt = adopt
	return engine.Run(r.Context(), spec)
}

// on scripts the answers to the next requests of a method; nil leaves one to the server.
func (r *run) on(method string, actions ...fake.Action) { r.server.On(method, actions...) }

// wantComplete checks that the upload succeeded and that the server has content.
func (r *run) wantComplete(res engine.Result, err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
	r.wantStored(res.URL, content)
	if res.Offset != int64(len(content)) {
		r.Errorf("offset %d, want %d", res.Offset, len(content))
	}
}

func (r *run) wantStored(url, want string) {
	r.Helper()
	if got := string(r.server.Bytes(url)); got != want {
		r.Errorf("server has %q, want %q", got, want)
	}
	if !r.server.State(url).Complete() {
		r.Error("the upload is not complete at the server")
	}
}

// wantRequests compares the methods of all requests. All protocols so far create with POST,
// ask with HEAD, append with PATCH and remove with DELETE.
func (r *run) wantRequests(methods ...string) {
	r.Helper()
	var got []string
	for _, req := range r.server.Requests() {
		got = append(got, req.Method)
	}
	if diff := cmp.Diff(methods, got); diff != "" {
		r.Errorf("requests (-want +got):\n%s", diff)
	}
}

// wantConfirmed is wantRequests for an upload of which the last request finds that it is complete.
func (r *run) wantConfirmed(methods ...string) {
	r.Helper()
	if r.front.Replays {
		methods = append(methods, "PATCH")
	}
	r.wantRequests(methods...)
}

// wantLast checks how many bytes the last request had.
func (r *run) wantLast(bytes int64) {
	r.Helper()
	all := r.server.Requests()
	if got := all[len(all)-1].Size; got != bytes {
		r.Errorf("the last request had %d bytes, want %d", got, bytes)
	}
}

// wantError checks that err has the class and is each of targets.
func (r *run) wantError(err error, class failure.Class, targets ...error) {
	r.Helper()
	e, ok := errors.AsType[*failure.Error](err)
	if !ok {
		r.Fatalf("error %v has no *failure.Error", err)
	}
	if e.Class != class {
		r.Errorf("class %v of %q, want %v", e.Class, err, class)
	}
	for _, target := range targets {
		if !errors.Is(err, target) {
			r.Errorf("error %q does not wrap %q", err, target)
		}
	}
}

// wantWaited checks that at least so much time has passed since the scenario began.
func (r *run) wantWaited(least time.Duration) {
	r.Helper()
	if took := time.Since(r.began); took < least {
		r.Errorf("the upload took %v, want at least %v", took, least)
	}
}

// wantEvent returns the first event of a kind.
func (r *run) wantEvent(kind engine.Kind) engine.Event {
	r.Helper()
	i := slices.IndexFunc(r.events, func(ev engine.Event) bool { return ev.Kind == kind })
	if i < 0 {
		r.Fatalf("there is no event of kind %d", kind)
	}
	return r.events[i]
}

// driver returns the driver of the protocol, which has the interface T if the scenario
// needs its feature.
func driver[T any](r *run) (T, dialect.Dialect) {
	r.Helper()
	d := r.front.New(r.conn)
	t, ok := d.(T)
	if !ok {
		r.Fatalf("the driver lacks %T", *new(T))
	}
	return t, d
}
