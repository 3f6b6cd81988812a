package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// peer is a server of Resumable Uploads for HTTP over TCP that answers as a test says.
type peer struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string // methods
}

func newPeer(t *testing.T, handle http.HandlerFunc) *peer {
	t.Helper()
	p := &peer{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests = append(p.requests, r.Method)
		p.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// seen returns the methods of the requests so far.
func (p *peer) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// count returns the number of requests with a method.
func (p *peer) count(method string) int {
	n := 0
	for _, m := range p.seen() {
		if m == method {
			n++
		}
	}
	return n
}

// client returns a client of the peer whose retries take no time.
func (p *peer) client(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	return p.clientAt(t, "", cfg)
}

// clientAt returns a client whose endpoint has this path on the peer.
func (p *peer) clientAt(t *testing.T, path string, cfg client.Config) *client.Client {
	t.Helper()
	doer := nethttp.New(nethttp.Config{NoProxy: true})
	t.Cleanup(doer.CloseIdleConnections)
	cfg.Endpoint, cfg.Doer = p.URL+path, doer
	if cfg.Retry == nil {
		cfg.Retry = retry.Delays(time.Millisecond, time.Millisecond, time.Millisecond)
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// respond sends an answer with header fields, which are names and values in turn. A 104 has
// the version of the request.
func respond(w http.ResponseWriter, r *http.Request, status int, fields ...string) {
	clear(w.Header())
	for i := 0; i+1 < len(fields); i += 2 {
		w.Header().Set(fields[i], fields[i+1])
	}
	if status == rufh.StatusResumptionSupported && w.Header().Get(rufh.HeaderInteropVersion) == "" {
		w.Header().Set(rufh.HeaderInteropVersion, r.Header.Get(rufh.HeaderInteropVersion))
	}
	w.WriteHeader(status)
	clear(w.Header())
}

func drain(r *http.Request) int64 {
	n, _ := io.Copy(io.Discard, r.Body)
	return n
}

// Each of these servers gets one upload, and the client returns one error that says what is
// wrong.
func TestRUFHBadServers(t *testing.T) {
	const complete, offset, limit = rufh.HeaderUploadComplete, rufh.HeaderUploadOffset, rufh.HeaderUploadLimit
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		want   error
		most   int    // requests; 0: one
		only   string // version; "": 8 and 10
	}{
		"100,000 interim responses": {want: failure.ErrInterim, handle: func(w http.ResponseWriter, r *http.Request) {
			for range 100_000 {
				respond(w, r, 104, "Location", "/1")
			}
			drain(r)
			respond(w, r, 201, complete, "?1")
		}},
		"100,000 early hints": {want: failure.ErrInterim, handle: func(w http.ResponseWriter, r *http.Request) {
			for range 100_000 {
				respond(w, r, 103, "Link", "</style.css>")
			}
			drain(r)
			respond(w, r, 201, complete, "?1")
		}},
		"two URLs in interim responses": {want: failure.ErrRelocated, most: 2, handle: func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/1")
			respond(w, r, 104, "Location", "/2")
			drain(r)
			respond(w, r, 201, complete, "?1")
		}},
		"completed early with an error": {want: client.ErrRefused, handle: func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/1")
			respond(w, r, 422, complete, "?1")
		}},
		"?0 answers ?1": {want: failure.ErrIncomplete, most: 3, handle: func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/1")
			drain(r)
			respond(w, r, 204, complete, "?0", offset, "100")
		}},
		"HTML": {want: failure.ErrNotRUFH, handle: func(w http.ResponseWriter, r *http.Request) {
			drain(r)
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<!doctype html><title>Log in</title>")
		}},
		"HTML after the announcement": {want: failure.ErrNotRUFH, most: 8, only: "rufh/10", handle: func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/1")
			drain(r)
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<!doctype html><title>Log in</title>")
		}},
		"limits that exclude each other": {want: failure.ErrLimits, most: 2, handle: func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/1", limit, "min-size=10, max-size=5")
			drain(r)
			respond(w, r, 201, complete, "?1")
		}},
		"limits that exclude the source": {want: protocol.ErrTooLarge, most: 2, handle: func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/1", limit, "max-size=99")
			drain(r)
			respond(w, r, 201, complete, "?0")
		}},
		"a minimum above the source": {want: failure.ErrLimits, most: 2, handle: func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/1", limit, "min-size=101")
			drain(r)
			respond(w, r, 201, complete, "?0")
		}},
		"appends of no byte": {want: failure.ErrLimits, most: 2, handle: func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/1", limit, "max-append-size=0")
			drain(r)
			respond(w, r, 201, complete, "?0")
		}},
		"tus": {want: failure.ErrOtherProtocol, handle: func(w http.ResponseWriter, r *http.Request) {
			drain(r)
			respond(w, r, 412, "Tus-Resumable", "1.0.0", complete, "?1")
		}},
	} {
		for _, v := range []string{"rufh/8", "rufh/10"} {
			if test.only != "" && test.only != v {
				continue
			}
			t.Run(name+" "+v, func(t *testing.T) {
				t.Parallel()
				p := newPeer(t, test.handle)
				_, err := p.client(t, client.Config{Protocol: v}).Upload(t.Context(), client.Bytes(make([]byte, 100)), nil)
				if !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				if p.count(http.MethodPost) != 1 || len(p.seen()) > max(test.most, 1) {
					t.Errorf("requests %v, want at most %v in seen and 1", p.seen(), max(test.most, 1))
				}
			})
		}
	}
}

// A field whose value has another type is ignored: the upload fails, or ends well, and there is
// never a second one.
func TestRUFHFieldsOfWrongTypes(t *testing.T) {
	wrong := []string{"", "x", "?2", "1.5", "-1", "1234567890123456", `"1"`, ":MQ==:", "(1 2)", "1, 2", "1;"}
	fields := []string{
		rufh.HeaderUploadComplete, rufh.HeaderUploadOffset, rufh.HeaderUploadLength, rufh.HeaderUploadLimit, rufh.HeaderInteropVersion, "Location",
	}
	for _, v := range []string{"rufh/3", "rufh/8", "rufh/10"} {
		for _, inline := range []int64{0, -1} {
			t.Run(v+" inline "+strconv.FormatInt(inline, 10), func(t *testing.T) {
				t.Parallel()
				for _, field := range fields {
					for _, value := range wrong {
						p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
							if r.Method == http.MethodPost {
								respond(w, r, 104, "Location", "/1", field, value)
							}
							drain(r)
							respond(w, r, 200, "Location", "/1", field, value)
						})
						res, err := p.client(t, client.Config{Protocol: v, InlineSize: inline, Retry: retry.Never}).
							Upload(t.Context(), client.Bytes(make([]byte, 100)), nil)
						if n := p.count(http.MethodPost); n != 1 || len(p.seen()) > 12 {
							t.Errorf("%s: %q: %d creations, requests %v, want 1 and at most 12 in seen", field, value, n, p.seen())
						}
						if err == nil && res.Offset != 100 {
							t.Errorf("%s: %q: success at %d, want 100", field, value, res.Offset)
						}
					}
				}
			})
		}
	}
}
