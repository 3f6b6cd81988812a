package integration

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// rufhBench is a strict server of Resumable Uploads for HTTP, and a client over TCP.
type rufhBench struct {
	*testing.T
	srv    *rufhserver.Server
	client *client.Client
}

func newRUFHBench(t *testing.T, server rufhserver.Config) *rufhBench {
	t.Helper()
	srv := rufhserver.New(t, server)
	doer := nethttp.New(nethttp.Config{RootCAs: srv.CertPool(), PreferHTTP2: server.Server.TLS != nil, NoProxy: true})
	t.Cleanup(doer.CloseIdleConnections)
	return &rufhBench{T: t, srv: srv, client: newClient(t, client.Config{
		Doer: doer, Endpoint: srv.URL(), Protocol: slices.Max(server.Versions).String(),
		Retry: retry.Backoff{Initial: time.Millisecond, Max: 20 * time.Millisecond},
	})}
}

// wantStored checks the only upload of the server.
func (b *rufhBench) wantStored(want []byte) {
	b.Helper()
	urls, err := b.srv.Uploads()
	if err != nil || len(urls) != 1 {
		b.Fatalf("%d uploads on the server, %v", len(urls), err)
	}
	if got, err := b.srv.Bytes(urls[0]); err != nil || !bytes.Equal(got, want) {
		b.Errorf("the server has %d bytes, want the %d of the source: %v", len(got), len(want), err)
	}
}

func (b *rufhBench) methods() []string {
	var list []string
	for _, r := range b.srv.Requests() {
		list = append(list, r.Method)
	}
	return list
}

func (b *rufhBench) wantMethods(want ...string) {
	b.Helper()
	if got := b.methods(); !slices.Equal(got, want) {
		b.Errorf("requests %v, want %v", got, want)
	}
}

// eachVersion runs a test in each version.
func eachVersion(t *testing.T, test func(t *testing.T, v rufh.Version)) {
	t.Helper()
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		t.Run(v.String(), func(t *testing.T) { test(t, v) })
	}
}

// An upload takes one request. The target gets the bytes, and its response reaches the caller.
func TestRUFHUpload(t *testing.T) {
	t.Parallel()
	const size = 300 * kib
	data := content(size)
	eachVersion(t, func(t *testing.T, v rufh.Version) {
		t.Helper()
		b := newRUFHBench(t, rufhserver.Config{Versions: []rufh.Version{v}, Target: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if err != nil || !bytes.Equal(got, data) {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			w.Header().Set("X-Stored", fmt.Sprint(len(got)))
			w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, r.Header.Get("Content-Disposition"))
		})})
		res, err := b.client.Upload(t.Context(), client.Bytes(data), &client.UploadOptions{
			Metadata: protocol.Metadata{"filename": "a ü.png", "filetype": "image/png"},
		})
		if err != nil {
			t.Fatal(err)
		}
		b.wantMethods("POST")
		b.wantStored(data)
		if r := res.Response; r == nil || r.StatusCode != http.StatusCreated || r.Header.Get("X-Stored") != fmt.Sprint(size) ||
			string(r.Body) != `inline; filename="a _.png"; filename*=UTF-8''a%20%C3%BC.png` || r.Header.Get("Content-Type") != "image/png" || r.Truncated {
			t.Errorf("response %+v", r)
		}
		if res.Sent != size || res.Retries != 0 || res.Offset != size || res.URL == "" {
			t.Errorf("result %+v", res)
		}
	})
}

// An optimistic creation that breaks off is resumed where the server stopped.
func TestRUFHCreationCut(t *testing.T) {
	t.Parallel()
	data := content(mib)
	for _, transport := range []struct {
		name   string
		server testserver.Config
	}{{"HTTP/1.1", testserver.Config{}}, {"HTTP/2", testserver.Config{TLS: &tls.Config{}}}} {
		t.Run(transport.name, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, v rufh.Version) {
				t.Helper()
				b := newRUFHBench(t, rufhserver.Config{Versions: []rufh.Version{v}, Server: transport.server})
				b.srv.Inject(testserver.Fault{Method: "POST", Do: testserver.CutAfter(mib / 4)}, testserver.Fault{Method: "PATCH", Times: 2, Do: testserver.CutAfter(64 * kib)})
				res, err := b.client.Upload(t.Context(), client.Bytes(data), nil)
				if err != nil {
					t.Fatal(err)
				}
				b.wantStored(data)
				b.wantMethods("POST", "HEAD", "PATCH", "HEAD", "PATCH", "HEAD", "PATCH")
				if res.Retries != 3 || res.Orphans != 0 {
					t.Errorf("%d retries, %d orphans", res.Retries, res.Orphans)
				}
			})
		})
	}
}

// isSoak reports whether tests run as long as "task soak" makes them.
func isSoak() bool { return os.Getenv("TUSKER_SOAK") != "" }

// Creations that are cut right after the 104 are resumed, and leave no upload behind.
func TestRUFHCreationsCutAfterTheAnnouncement(t *testing.T) {
	t.Parallel()
	rounds, size := 10, mib
	if isSoak() {
		rounds, size = 300, 8*mib
	}
	data := content(size)
	for _, transport := range []struct {
		name   string
		server testserver.Config
	}{{"HTTP/1.1", testserver.Config{}}, {"HTTP/2", testserver.Config{TLS: &tls.Config{}}}} {
		t.Run(transport.name, func(t *testing.T) {
			t.Parallel()
			b := newRUFHBench(t, rufhserver.Config{Versions: []rufh.Version{8}, Server: transport.server})
			for round := range rounds {
				b.srv.Inject(testserver.Fault{Method: "POST", Do: testserver.CutAfter(0)})
				res, err := b.client.Upload(t.Context(), client.Bytes(data), nil)
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				if res.Orphans != 0 || res.Retries == 0 {
					t.Errorf("round %d: %d orphans, %d retries", round, res.Orphans, res.Retries)
				}
				b.wantStored(data)
				if _, err := b.client.Terminate(t.Context(), res.URL, nil); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
