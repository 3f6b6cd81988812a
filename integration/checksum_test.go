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

// summed returns the requests that the server saw, each PATCH with its offset and
// the position of its checksum.
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
	left int64 // bytes before the changed one; negative: the byte was changed
}

func (b *flippedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left >= 0 && b.left < int64(n) {
		p[b.left] ^= 0x10
	}
	b.left -= int64(n)
	return n, err
}

// The server supports every algorithm of the client, and computes the same
// checksums.
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
			// A chunk that is cut cannot be verified, so the server keeps none of
			// it.
			wantSummed(t, srv, strings.ReplaceAll("OPTIONS POST PATCH@0:a HEAD PATCH@0:a HEAD PATCH@0:a PATCH@1500:a", "a", name))
		})
	}
}

// trailers are ways to send a trailer, some of which lose it.
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

// With every Doer, a checksum in a trailer takes one request and one pass over the
// bytes. If the trailer is lost, the upload continues with checksums in the header.
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

// An upload survives failures of trailers over both versions of HTTP. A refusal may
// end the HTTP/2 connection: Go's server closes a connection if a trailer arrives
// after its reset of the stream. The upload then uses another connection.
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
			// Bytes of a request that is cut are lost, because the server cannot
			// verify them.
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
					t.Errorf("this fault did not fire: %v", f.Do)
				}
				if tt.want != "" {
					wantSummed(t, srv, tt.want)
				}
			})
		}
	}
}

// A trailer is refused over HTTP/2 many times. The error of the connection differs
// from run to run, but the result of the upload is always the same.
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

// Parts with checksums, some of them damaged, are joined and read back.
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
