package client_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// newClient is a client of s, with the defaults of cfg.
func newClient(t *testing.T, s *fake.Server, cfg client.Config) *client.Client {
	t.Helper()
	if cfg.Endpoint == "" {
		cfg.Endpoint = s.URL
	}
	if cfg.Doer == nil {
		cfg.Doer = s.Doer()
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// text is a source of these bytes.
func text(t *testing.T, s string) client.Source {
	t.Helper()
	src, err := client.ReaderAt(strings.NewReader(s), int64(len(s)))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// stream is a source of these bytes that can be read once, of unknown length.
func stream(s string, keep int64) client.Source {
	return client.Stream(strings.NewReader(s), &client.StreamOptions{Window: keep})
}

// noise is n bytes, the same for the same n.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = io.ReadFull(rand.NewChaCha8([32]byte{byte(n)}), b)
	return string(b)
}

// wantSeen compares the requests that the server has seen, in short.
func wantSeen(t *testing.T, s *fake.Server, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.Seen()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// wantStored compares what the server keeps of an upload.
func wantStored(t *testing.T, s *fake.Server, url, want string) {
	t.Helper()
	if got := string(s.Bytes(url)); got != want {
		if len(want) > 100 {
			t.Errorf("server has %d bytes, want %d; equal: %t", len(got), len(want), got == want)
			return
		}
		t.Errorf("server has %q, want %q", got, want)
	}
}

// wantIs checks that err is each of targets.
func wantIs(t *testing.T, err error, targets ...error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("error %q is not %q", err, target)
		}
	}
}

// facts is the *client.Error in err.
func facts(t *testing.T, err error) *client.Error {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v holds no *client.Error", err)
	}
	return e
}

// recordEvents collects events; the list is complete once the call returned.
func recordEvents(list *[]client.Event) func(client.Event) {
	return func(e client.Event) { *list = append(*list, e) }
}

// kinds are the kinds of events in order, without progress.
func kinds(list []client.Event) []string {
	var names []string
	for _, e := range list {
		if e.Kind != client.EventProgress {
			names = append(names, e.Kind.String())
		}
	}
	return names
}

// wantKinds checks the kinds of events, without progress.
func wantKinds(t *testing.T, list []client.Event, want ...string) {
	t.Helper()
	if got := kinds(list); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// second waits one second before each of n further tries.
func second(n int) retry.Policy {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = time.Second
	}
	return retry.Delays(waits...)
}

// doer is a Doer that answers by itself.
func doer(f func(*http.Request) (*http.Response, error)) transport.Doer {
	return transport.DoerFunc(f)
}

// closedBody fails the test unless it was closed by the end of it.
type closedBody struct {
	io.Reader
	closed bool
}

func (b *closedBody) Close() error {
	b.closed = true
	return nil
}

// never is a reader that blocks until its context ends.
type never struct{ ctx context.Context }

func (r never) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, io.ErrUnexpectedEOF
}

// newReader hides from a reader of s all but Read.
func newReader(s string) io.Reader { return struct{ io.Reader }{strings.NewReader(s)} }

// resumeOnce is Resume without retries.
func resumeOnce(c *client.Client, ctx context.Context, url string, src client.Source, opts *client.UploadOptions) (*client.Result, error) { //nolint:revive // The order of a method's arguments.
	var o client.UploadOptions
	if opts != nil {
		o = *opts
	}
	o.Retry = retry.Never
	return c.Resume(ctx, url, src, &o)
}

// unfinishedOf returns the record from which an upload of src would resume.
func unfinishedOf(c *client.Client, ctx context.Context, src client.Source) (client.Record, bool, error) { //nolint:revive // The order of a method's arguments.
	known, err := c.Lookup(ctx, src)
	if err != nil || known.Unfinished == nil {
		return client.Record{}, false, err
	}
	return *known.Unfinished, true, nil
}

// finishedOf returns the record of a finished upload of src.
func finishedOf(c *client.Client, ctx context.Context, src client.Source) (client.Record, bool, error) { //nolint:revive // The order of a method's arguments.
	known, err := c.Lookup(ctx, src)
	if err != nil || known.Finished == nil {
		return client.Record{}, false, err
	}
	return *known.Finished, true, nil
}

// anyOrigin are trusted origins: every one, or none.
func anyOrigin(trusted bool) []string {
	if trusted {
		return []string{client.AnyOrigin}
	}
	return nil
}
