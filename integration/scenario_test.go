package integration

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
)

// scenario is one upload over TCP, with its faults and its result.
type scenario struct {
	name   string
	size   int
	stream *client.StreamOptions // nil: a source that can be read at any offset
	config client.Config         // Endpoint, Doer, Locked and, if nil, Retry are filled in
	faults []testserver.Fault

	// wantRequests has the methods of the requests in order, and the offset of a PATCH,
	// as in "PATCH@100".
	wantRequests []string
	wantErr      error // nil: the server has all the bytes
	wantNoURL    bool  // no upload was created
	wantOrphans  int
	wantConfirm  bool // only HEAD confirmed the last bytes
	check        func(t *testing.T, o outcome)
}

// outcome is the result of a scenario.
type outcome struct {
	result *client.Result
	err    error
	events []client.Event
}

// quick has very short waits and as many retries as the default policy.
var quick = retry.Backoff{Initial: time.Millisecond, Max: maxWait, Resume: time.Millisecond}

const maxWait = 20 * time.Millisecond

// content returns n bytes that do not repeat, the same bytes for each call.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{'t', 'u', 's'}).Read(b)
	return b
}

// writeOld creates a file with a modification time of an hour ago. An upload of a file
// that was modified just now waits, and its record is written late.
func writeOld(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	modified := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, modified, modified); err != nil {
		t.Fatal(err)
	}
}

func (s scenario) run(t *testing.T, d doer) {
	t.Helper()
	srv := testserver.New(t, testserver.Config{Wrap: d.wrap})
	srv.Inject(s.faults...)

	data := content(s.size)
	var src client.Source
	if s.stream != nil {
		// A pipe returns the bytes that it has, even if the buffer is larger.
		src = client.Stream(iotest.HalfReader(bytes.NewReader(data)), s.stream)
	} else {
		src = readerAt(t, data)
	}
	cfg := s.config
	cfg.Endpoint, cfg.Doer = srv.URL(), d.new(t)
	cfg.Locked = quick
	if cfg.Retry == nil {
		cfg.Retry = quick
	}
	c := newClient(t, cfg)

	var o outcome
	o.result, o.err = c.Upload(t.Context(), src, &client.UploadOptions{
		OnEvent: func(ev client.Event) { o.events = append(o.events, ev) },
	})
	seen := requests(srv)

	if !errors.Is(o.err, s.wantErr) || (o.err != nil) != (s.wantErr != nil) {
		t.Errorf("error %v, want %v", o.err, s.wantErr)
	}
	if diff := cmp.Diff(s.wantRequests, seen); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if s.wantErr == nil {
		checkStored(t, srv, o.result.URL, data)
	}
	if got := o.result.URL == ""; got != s.wantNoURL {
		t.Errorf("URL %q, want none: %v", o.result.URL, s.wantNoURL)
	}
	if o.result.Orphans != s.wantOrphans {
		t.Errorf("orphans %d, want %d", o.result.Orphans, s.wantOrphans)
	}
	if o.result.Confirmed != s.wantConfirm {
		t.Errorf("confirmed %v, want %v", o.result.Confirmed, s.wantConfirm)
	}
	checkEvents(t, o)
	if s.check != nil {
		s.check(t, o)
	}
	for _, f := range srv.Pending() {
		if f.Times != testserver.Always {
			t.Errorf("this fault did not fire: %s %v", f.Method, f.Do)
		}
	}
	// Close waits for all running requests.
	srv.Close()
	if n := len(srv.Requests()); n != len(seen) {
		t.Errorf("%d requests after the upload had returned", n-len(seen))
	}
}

// requests returns the requests at the server in the form of wantRequests.
func requests(srv *testserver.Server) []string {
	var seen []string
	for _, r := range srv.Requests() {
		if r.Method == http.MethodPatch {
			seen = append(seen, patchAt(r.Offset))
		} else {
			seen = append(seen, r.Method)
		}
	}
	return seen
}

func patchAt(offset int64) string { return fmt.Sprintf("PATCH@%d", offset) }

// sequence returns wantRequests from one line: sequence("POST PATCH@0").
func sequence(methods string) []string { return strings.Fields(methods) }

func checkStored(t *testing.T, srv *testserver.Server, url string, want []byte) {
	t.Helper()
	got, err := srv.Bytes(url)
	if err != nil {
		t.Error(err)
		return
	}
	if sha256.Sum256(got) != sha256.Sum256(want) {
		t.Errorf("the server has %d bytes, which differ; want %d", len(got), len(want))
	}
}

// checkEvents compares the events with the result.
func checkEvents(t *testing.T, o outcome) {
	t.Helper()
	if len(o.events) == 0 {
		t.Error("there are no events")
		return
	}
	retries := 0
	for i, ev := range o.events {
		length, known := ev.Length.Int64()
		if ev.Offset > ev.Sent || known && ev.Sent > length {
			t.Errorf("event %d, %v: offset %d, sent %d, length %v", i, ev.Kind, ev.Offset, ev.Sent, ev.Length)
		}
		if ev.Kind == client.EventRetry {
			retries++
		}
	}
	if retries != o.result.Retries {
		t.Errorf("%d retries in the result, %d events", o.result.Retries, retries)
	}
	want := client.EventDone
	if o.err != nil {
		want = client.EventFailed
	}
	if last := o.events[len(o.events)-1]; last.Kind != want || last.Offset != o.result.Offset {
		t.Errorf("last event %v at %d, want %v at %d", last.Kind, last.Offset, want, o.result.Offset)
	}
}

func readerAt(t *testing.T, data []byte) client.Source {
	t.Helper()
	src, err := client.ReaderAt(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func newClient(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
