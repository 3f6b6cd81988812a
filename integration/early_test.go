package integration

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

const (
	// earlyRounds is the number of rounds of each race.
	earlyRounds = 30
	// earlySize is larger than the buffers between client and server, so the client still
	// sends the body when the server answers.
	earlySize = 16 * mib
	// earlyRead is the number of bytes of the body that the server reads.
	earlyRead = 64 * kib
)

// earlyServers calls test with a server, its client over TCP and the URL of an upload of
// earlySize, for each version of HTTP, with and without TLS.
func earlyServers(t *testing.T, test func(b *earlyBench)) {
	t.Helper()
	run := func(name string, server testserver.Config, http1Only bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, server)
			doer := nethttp.New(nethttp.Config{RootCAs: srv.CertPool(), HTTP1Only: http1Only, PreferHTTP2: !http1Only})
			t.Cleanup(doer.CloseIdleConnections)
			b := &earlyBench{T: t, srv: srv, client: newClient(t, client.Config{Endpoint: srv.URL(), Doer: doer})}
			reply, err := b.client.Create(t.Context(), protocol.Creation{Length: protocol.Known(earlySize)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			b.url = reply.State.Location
			test(b)
		})
	}
	run("plain", testserver.Config{}, false)
	for _, v := range versions {
		run("TLS "+v.name, testserver.Config{TLS: &tls.Config{}}, v.http1Only)
	}
}

type earlyBench struct {
	*testing.T
	srv    *testserver.Server
	client *client.Client
	url    string
}

// send makes one attempt and returns the failure of its PATCH.
func (b *earlyBench) send(data []byte, do testserver.Action) (*client.Error, time.Duration) {
	b.Helper()
	b.srv.Inject(testserver.Fault{Method: http.MethodPatch, Do: do})
	src, err := client.ReaderAt(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	_, err = b.client.Resume(b.Context(), b.url, src, &client.UploadOptions{Retry: retry.Never})
	took := time.Since(began)
	var e *client.Error
	if !errors.As(err, &e) || e.Op != protocol.OpPatch {
		b.Fatalf("got %v, want the error of a PATCH", err)
	}
	return e, took
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// The server answers while the client sends the body, and then resets the connection. The
// client reports the answer, regardless of the error of the write.
func TestEarlyAnswers(t *testing.T) {
	t.Parallel()
	data := content(earlySize)
	const after = 7 * time.Second
	for _, tt := range []struct {
		status int
		after  time.Duration
		err    error
		class  client.Class
	}{
		{http.StatusUnauthorized, 0, protocol.ErrUnauthorized, client.ClassAuth},
		{http.StatusConflict, 0, protocol.ErrOffsetMismatch, client.ClassResync},
		{http.StatusRequestEntityTooLarge, 0, protocol.ErrTooLarge, client.ClassProxyLimit},
		{http.StatusTooManyRequests, after, protocol.ErrTooManyRequests, client.ClassThrottled},
		{http.StatusServiceUnavailable, after, protocol.ErrServer, client.ClassThrottled},
	} {
		t.Run(strconv.Itoa(tt.status), func(t *testing.T) {
			t.Parallel()
			header := http.Header{"X-Answer": {"early"}}
			if tt.after > 0 {
				header.Set("Retry-After", strconv.Itoa(int(tt.after/time.Second)))
			}
			earlyServers(t, func(b *earlyBench) {
				var times []time.Duration
				for i := range earlyRounds {
					e, took := b.send(data, testserver.EarlyAnswer(earlyRead, tt.status, header, "early words"))
					times = append(times, took)
					after, _ := e.RetryAfter()
					if e.StatusCode != tt.status || after != tt.after || e.Class != tt.class || !errors.Is(e, tt.err) {
						b.Fatalf("round %d: got status %d, wait %v, class %v: %v; want %d, %v, %v",
							i, e.StatusCode, after, e.Class, e, tt.status, tt.after, tt.class)
					}
					if e.Header.Get("X-Answer") != "early" || e.Body != "early words" {
						b.Fatalf("round %d: got headers %v, body %q", i, e.Header, e.Body)
					}
				}
				b.Logf("median %v", median(times))
				// If the server has read more or fewer bytes, there was no race.
				seen := b.srv.Requests()
				if last := seen[len(seen)-1]; last.BodyBytes != earlyRead {
					b.Errorf("the server read %d bytes, want %d", last.BodyBytes, earlyRead)
				}
			})
		})
	}
}

// The write fails in the same way after a cut without an answer. The client does not wait
// for an answer then.
func TestCutsCostNoDelay(t *testing.T) {
	data := content(earlySize)
	for _, tt := range []struct {
		name string
		do   testserver.Action
	}{
		{"cut", testserver.CutAfter(earlyRead)},
		{"reset", testserver.Reset()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			earlyServers(t, func(b *earlyBench) {
				var times []time.Duration
				for range earlyRounds {
					b.srv.Inject(testserver.Fault{Method: http.MethodHead, Do: testserver.RewindTo(0)})
					e, took := b.send(data, tt.do)
					times = append(times, took)
					if e.StatusCode != 0 || e.Class != client.ClassTransient {
						b.Fatalf("got status %d, class %v, error %v; want no answer", e.StatusCode, e.Class, e)
					}
				}
				b.Logf("median %v", median(times))
				// The test uses the median, because a delay would occur in each round,
				// and a busy machine is not slow in every round.
				if got := slices.Min(times); got > 100*time.Millisecond {
					b.Errorf("a cut costs %v, want less than 100ms", got)
				}
			})
		})
	}
}

// An upload through a proxy that limits bodies is completed in smaller requests.
func TestEarlyAnswerOfBodyLimit(t *testing.T) {
	t.Parallel()
	data := content(earlySize)
	earlyServers(t, func(b *earlyBench) {
		b.srv.Inject(testserver.Fault{Times: testserver.Always, Do: testserver.BodyLimit(3 * mib)})
		src, err := client.ReaderAt(bytes.NewReader(data), earlySize)
		if err != nil {
			b.Fatal(err)
		}
		res, err := b.client.Resume(b.Context(), b.url, src, nil)
		if err != nil {
			b.Fatalf("%v after %s", err, strings.Join(requests(b.srv), " "))
		}
		checkStored(b.T, b.srv, res.URL, data)
	})
}
