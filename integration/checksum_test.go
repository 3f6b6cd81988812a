package integration

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// summed are the requests that the server saw, a PATCH with its offset and how
// its checksum came.
func summed(srv *testserver.Server) []string {
	var seen []string
	for _, r := range srv.Requests() {
		s := r.Method
		if r.Method == http.MethodPatch {
			s = patchAt(r.Offset)
			if sum, _, _ := strings.Cut(r.Header.Get(protocol.HeaderUploadChecksum), " "); sum != "" {
				s += ":" + sum
			}
			if r.ContentLength < 0 {
				s += ":trailer"
			}
		}
		seen = append(seen, s)
	}
	return seen
}

func wantSummed(t *testing.T, srv *testserver.Server, want string) {
	t.Helper()
	if diff := cmp.Diff(sequence(want), summed(srv)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// flip changes a byte of the body on its way to the server.
func flip(at int64) testserver.Action {
	return namedAction{name: "flip", ActionFunc: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r = r.WithContext(r.Context())
		r.Body = &flippedBody{ReadCloser: r.Body, left: at}
		next.ServeHTTP(w, r)
	}}
}

type flippedBody struct {
	io.ReadCloser
	left int64 // bytes before the one to be changed; negative: it was
}

func (b *flippedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left >= 0 && b.left < int64(n) {
		p[b.left] ^= 0x10
	}
	b.left -= int64(n)
	return n, err
}

// Every algorithm of the client is one of the server, and means the same.
func TestChecksums(t *testing.T) {
	t.Parallel()
	for _, name := range client.ChecksumAlgorithms() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{Checksum: []string{name}})
			srv.Inject(patch(flip(700)), patch(testserver.CutAfter(100)))
			data := content(2000)
			c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Checksum: client.ChecksumAuto, ChunkSize: 1500, Retry: quick})
			res, err := c.Upload(t.Context(), readerAt(t, data), nil)
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, srv, res.URL, data)
			// A chunk that is cut cannot be compared, so none of it is kept.
			wantSummed(t, srv, strings.ReplaceAll("OPTIONS POST PATCH@0:a HEAD PATCH@0:a HEAD PATCH@0:a PATCH@1500:a", "a", name))
		})
	}
}

// trailers are ways to send a checksum behind the bytes that keep it, or lose it.
var trailerDoers = []struct {
	name  string
	loses bool
	with  func(transport.Doer) transport.Doer
}{
	{name: "as it is", with: func(d transport.Doer) transport.Doer { return d }},
	{name: "under middleware", with: func(d transport.Doer) transport.Doer {
		return transport.Chain(d, transport.RequestID(), transport.Bearer(transport.StaticToken("a")))
	}},
	{name: "cloned", loses: true, with: func(d transport.Doer) transport.Doer {
		return transport.DoerFunc(func(r *http.Request) (*http.Response, error) { return d.Do(r.Clone(r.Context())) })
	}},
}

// A checksum behind the bytes takes one request and one pass, by every Doer; where
// one loses it, the upload goes on with checksums before the bytes.
func TestChecksumTrailerByEveryDoer(t *testing.T) {
	t.Parallel()
	for _, d := range doers {
		for _, with := range trailerDoers {
			t.Run(d.name+" "+with.name, func(t *testing.T) {
				t.Parallel()
				srv := testserver.New(t, testserver.Config{Checksum: []string{"sha1"}, ChecksumTrailer: true, Wrap: d.wrap})
				data := content(3 * mib)
				r := &countedReader{ReaderAt: bytes.NewReader(data)}
				src, err := client.ReaderAt(r, int64(len(data)))
				if err != nil {
					t.Fatal(err)
				}
				c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: with.with(d.new(t)), Checksum: client.ChecksumAuto, Retry: quick})
				res, err := c.Upload(t.Context(), src, nil)
				if err != nil {
					t.Fatal(err)
				}
				checkStored(t, srv, res.URL, data)
				if with.loses || d.name == "signer" {
					wantSummed(t, srv, "OPTIONS POST PATCH@0:trailer HEAD PATCH@0:sha1")
					return
				}
				wantSummed(t, srv, "OPTIONS POST PATCH@0:trailer")
				if n := r.bytes(); n != int64(len(data)) {
					t.Errorf("%d bytes read, want %d", n, len(data))
				}
			})
		}
	}
}

// countedReader counts the bytes that are read.
type countedReader struct {
	io.ReaderAt
	mu sync.Mutex
	n  int64
}

func (r *countedReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n += int64(n)
	return n, err
}

func (r *countedReader) bytes() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// What goes wrong with a trailer, over both versions of HTTP. A refusal may cost
// the connection of HTTP/2: Go's server drops one over a trailer that crosses its
// reset of the stream. The upload goes on over another.
func TestChecksumTrailerBreaks(t *testing.T) {
	t.Parallel()
	length := testserver.Status(http.StatusLengthRequired, nil, "")
	tests := []struct {
		name   string
		size   int
		stream bool
		faults []testserver.Fault
		want   string // "": the requests depend on when a connection breaks
	}{
		{name: "well", size: 3 * mib, want: "OPTIONS POST PATCH@0:trailer"},
		{name: "empty", want: "OPTIONS POST"},
		{name: "damaged", size: small, faults: []testserver.Fault{patch(flip(7))}},
		{name: "large and damaged", size: large, faults: []testserver.Fault{patch(flip(7))}},
		{name: "damaged three times", size: small, faults: []testserver.Fault{times(3, patch(flip(7)))}},
		{name: "length required", size: small, faults: []testserver.Fault{patch(length)}},
		{
			// What is cut is lost, since it cannot be compared.
			name: "cut", size: large, faults: []testserver.Fault{patch(testserver.CutAfter(5_000_000))},
			want: "OPTIONS POST PATCH@0:trailer HEAD PATCH@0:trailer",
		},
		{
			name: "answer lost", size: small, faults: []testserver.Fault{patch(testserver.DropReply())},
			want: "OPTIONS POST PATCH@0:trailer HEAD",
		},
		{
			name: "buffered by a proxy", size: small, faults: []testserver.Fault{patch(testserver.Buffer())},
			want: "OPTIONS POST PATCH@0:trailer",
		},
		{
			name: "stream", size: 5000, stream: true,
			want: "OPTIONS POST PATCH@0:trailer PATCH@2000:trailer PATCH@4000:trailer",
		},
		{
			name: "stream, cut", size: 5000, stream: true, faults: []testserver.Fault{patch(nil), patch(testserver.CutAfter(10))},
			want: "OPTIONS POST PATCH@0:trailer PATCH@2000:trailer HEAD PATCH@2000:trailer PATCH@4000:trailer",
		},
	}
	for _, tt := range tests {
		for _, v := range versions {
			t.Run(tt.name+" "+v.name, func(t *testing.T) {
				t.Parallel()
				srv := testserver.New(t, testserver.Config{TLS: &tls.Config{}, Checksum: []string{"sha256"}, ChecksumTrailer: true})
				srv.Inject(tt.faults...)
				doer := srv.Client()
				if v.http1Only {
					doer = nethttp.New(nethttp.Config{RootCAs: srv.CertPool(), HTTP1Only: true})
					t.Cleanup(doer.CloseIdleConnections)
				}
				data := content(tt.size)
				src := readerAt(t, data)
				if tt.stream {
					src = client.Stream(bytes.NewReader(data), &client.StreamOptions{Window: 4000})
				}
				c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: doer, Checksum: client.ChecksumAuto, Retry: quick})
				res, err := c.Upload(t.Context(), src, nil)
				if err != nil {
					t.Fatalf("%v after %v", err, summed(srv))
				}
				checkStored(t, srv, res.URL, data)
				for _, r := range srv.Requests() {
					if r.Proto != v.proto {
						t.Errorf("%s by %s, want %s", r.Method, r.Proto, v.proto)
					}
				}
				for _, f := range srv.Pending() {
					t.Errorf("fault did not fire: %v", f.Do)
				}
				if tt.want != "" {
					wantSummed(t, srv, tt.want)
				}
			})
		}
	}
}

// A refused trailer over HTTP/2, again and again: what the connection says of it
// differs from run to run, what becomes of the upload does not.
func TestChecksumTrailerRefusedOverHTTP2(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{TLS: &tls.Config{}, Checksum: []string{"sha1"}, ChecksumTrailer: true})
	c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Checksum: client.ChecksumAuto, Retry: quick})
	data := content(small)
	for range 30 {
		srv.Inject(patch(testserver.Status(http.StatusConflict, nil, "ERR_MISMATCHED_OFFSET: no\n")), patch(flip(0)))
		res, err := c.Upload(t.Context(), readerAt(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		checkStored(t, srv, res.URL, data)
	}
}

// In parts, with checksums, damaged here and there, joined, and read back.
func TestChecksumsOfParts(t *testing.T) {
	t.Parallel()
	for _, trailer := range []bool{false, true} {
		name := map[bool]string{false: "before", true: "behind"}[trailer]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{Checksum: []string{"crc32"}, ChecksumTrailer: trailer})
			srv.Inject(patch(flip(0)), patch(nil), patch(flip(1000)))
			data := content(8 * mib)
			c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Checksum: "crc32", Retry: quick})
			res, err := c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{Parallel: 4, Verify: true})
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, srv, res.URL, data)
			if !res.Verified || len(res.Parts) != 4 || res.Retries < 2 {
				t.Errorf("result %+v", res)
			}
		})
	}
}
