package testserver_test

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// repeats is how often a test repeats a reset, whose result depends on timing.
const repeats = 50

// wantReset checks that err is a reset. If net/http notices the reset while it
// reads, it closes the connection although the body is still being written, and
// reports net.ErrClosed only.
func wantReset(t *testing.T, proto string, err error) {
	t.Helper()
	switch {
	case err == nil:
		t.Fatal("the request succeeded, want a reset")
	case proto == "HTTP/2.0":
		if !strings.Contains(err.Error(), "stream error") {
			t.Fatalf("got %v, want a stream error", err)
		}
	case !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, net.ErrClosed):
		t.Fatalf("got %v, want ECONNRESET, EPIPE or net.ErrClosed", err)
	}
}

// Reset loses the connection before the body, and stores nothing.
func TestReset(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			for range repeats {
				data := content(100_000)
				url := create(t, s, len(data))
				s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Reset()})
				_, err := patch(t.Context(), s, url, 0, data)
				wantReset(t, tr.proto, err)
				r := last(t, s)
				if r.Status != 0 || r.BodyBytes != 0 || r.Fault != "Reset()" {
					t.Fatalf("got status %d, %d bytes, fault %q; want 0, 0, Reset()", r.Status, r.BodyBytes, r.Fault)
				}
				stored(t, s, url, nil)
			}
		})
	}
}

// CutAfter stores exactly n bytes.
func TestCutAfter(t *testing.T) {
	t.Parallel()
	const size, cut = 300_000, 123_457
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(size)
			for range repeats {
				url := create(t, s, size)
				s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(cut)})
				_, err := patch(t.Context(), s, url, 0, data)
				wantReset(t, tr.proto, err)
				stored(t, s, url, data[:cut])
				if r := last(t, s); r.Status != 0 || r.BodyBytes != cut || r.Proto != tr.proto {
					t.Fatalf("got status %d, %d bytes, %s; want 0, %d, %s", r.Status, r.BodyBytes, r.Proto, cut, tr.proto)
				}
				finish(t, s, url, data)
			}
		})
	}
}

// CutAfter handles the first and the last byte of a body.
func TestCutAfterBoundaries(t *testing.T) {
	t.Parallel()
	const size = 5000
	data := content(size)
	for _, tt := range []struct {
		name string
		n    int64
		kept int
	}{
		{"zero", 0, 0},
		{"negative", -1, 0},
		{"one byte", 1, 1},
		{"all but one byte", size - 1, size - 1},
		{"the whole body", size, size},
		{"more than the body", size + 1, size},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, tr := range transports {
				t.Run(tr.name, func(t *testing.T) {
					t.Parallel()
					s := testserver.New(t, tr.config)
					url := create(t, s, size)
					s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(tt.n)})
					_, err := patch(t.Context(), s, url, 0, data)
					wantReset(t, tr.proto, err)
					stored(t, s, url, data[:tt.kept])
				})
			}
		})
	}
}

// A cut creation leaves an upload with the received bytes.
func TestCutAfterOnCreation(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(5000)
			s.Inject(testserver.Fault{Do: testserver.CutAfter(1000)})
			_, err := do(t.Context(), s.Client(), http.MethodPost, s.URL(), strings.NewReader(string(data)),
				protocol.HeaderUploadLength, "5000", protocol.HeaderContentType, protocol.ContentType)
			wantReset(t, tr.proto, err)
			urls, err := s.Uploads()
			if err != nil || len(urls) != 1 {
				t.Fatalf("got uploads %v, error %v; want one", urls, err)
			}
			stored(t, s, urls[0], data[:1000])
		})
	}
}

// DropReply stores the body and loses the answer.
func TestDropReply(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(100_000)
			for range repeats {
				url := create(t, s, len(data))
				s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.DropReply()})
				_, err := patch(t.Context(), s, url, 0, data)
				wantReset(t, tr.proto, err)
				stored(t, s, url, data)
				if r := last(t, s); r.Status != 0 || r.BodyBytes != int64(len(data)) {
					t.Fatalf("got status %d, %d bytes; want 0, %d", r.Status, r.BodyBytes, len(data))
				}
				if got := head(t, s, url); got != int64(len(data)) {
					t.Fatalf("got offset %d, want %d", got, len(data))
				}
			}
		})
	}
}

// A reset stream leaves its HTTP/2 connection open.
func TestResetKeepsOtherStreams(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{TLS: &tls.Config{}})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.DropReply()})
	_, err := patch(t.Context(), s, url, 0, content(10))
	wantReset(t, "HTTP/2.0", err)
	head(t, s, url)
	all := s.Requests()
	if first, after := all[0].RemoteAddr, all[len(all)-1].RemoteAddr; first != after {
		t.Errorf("got another connection %s, want still %s", after, first)
	}
}

// A lost or late answer does not take the interim responses before it along.
func TestInterimBeforeFault(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]testserver.Action{
		"CutAfter":   testserver.CutAfter(1),
		"DropReply":  testserver.DropReply(),
		"SlowFinish": testserver.SlowFinish(time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{TLS: &tls.Config{}, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Interim", "yes")
				w.WriteHeader(http.StatusEarlyHints)
				w.Header().Del("X-Interim")
				w.WriteHeader(http.StatusNoContent)
			})})
			s.Inject(testserver.Fault{Do: fault})
			seen := make(chan string, 1)
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
				seen <- h.Get("X-Interim")
				return nil
			}})
			got, err := do(ctx, s.Client(), http.MethodPost, s.URL(), strings.NewReader("abc"), protocol.HeaderUploadLength, "3")
			if lost := name != "SlowFinish"; lost != (err != nil) {
				t.Errorf("status %d, error %v, want an error: %t", got.status, err, lost)
			}
			select {
			case value := <-seen:
				if value != "yes" || got.header.Get("X-Interim") != "" {
					t.Errorf("interim header %q, final header %v, want %q and X-Interim \"\"", value, got.header, "yes")
				}
			default:
				t.Error("no interim response")
			}
		})
	}
}
