package client_test

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// trailing returns a server that supports checksums before and after the bytes.
func trailing(t *testing.T, algorithms ...string) *fake.Server {
	t.Helper()
	return fake.New(t, fake.Config{
		Extensions: []protocol.Extension{
			protocol.ExtensionCreation, protocol.ExtensionCreationDeferLength, protocol.ExtensionConcatenation,
			protocol.ExtensionChecksum, protocol.ExtensionChecksumTrailer,
		},
		Checksum: algorithms,
	})
}

// counting counts the bytes that are read.
type counting struct {
	io.ReaderAt
	read atomic.Int64
}

func (r *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	r.read.Add(int64(n))
	return n, err
}

// A checksum after the bytes needs one request, and the bytes are read once.
func TestChecksumTrailer(t *testing.T) {
	const size = 16<<20 + 5
	s := trailing(t, "sha1", "sha256")
	data := clienttest.Noise(size)
	r := &counting{ReaderAt: strings.NewReader(data)}
	src, err := client.ReaderAt(r, size)
	if err != nil {
		t.Fatal(err)
	}
	res, err := clienttest.NewClient(t, s, client.Config{Checksum: "auto"}).Upload(t.Context(), src, nil)
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1 0+16777221 trailer")
	clienttest.WantStored(t, s, res.URL, data)
	if n := r.read.Load(); n != size {
		t.Errorf("%d bytes read, want %d", n, size)
	}
	if res.Sent != size {
		t.Errorf("%d bytes sent, want %d", res.Sent, size)
	}
}

func TestChecksumTrailerRefused(t *testing.T) {
	const (
		behind = "PATCH /files/1 0+10 trailer"
		before = "PATCH /files/1 0+10 sha1"
	)
	status := func(code int, body string, header ...string) []fake.Action {
		return []fake.Action{fake.Status(code, body, header...)}
	}
	tests := map[string]struct {
		patch []fake.Action
		want  []string
		is    error // nil: the upload succeeds
	}{
		"damaged":           {clienttest.Repeat(1, fake.Damage), []string{behind, clienttest.Head, before}, nil},
		"damaged, often":    {clienttest.Repeat(3, fake.Damage), []string{behind, clienttest.Head, before, clienttest.Head, before, clienttest.Head, before}, nil},
		"damaged, always":   {clienttest.Repeat(9, fake.Damage), []string{behind, clienttest.Head, before, clienttest.Head, before, clienttest.Head, before}, protocol.ErrChecksumMismatch},
		"as rustus says it": {status(417, ""), []string{behind, clienttest.Head, before}, nil},

		"no trailer arrived":     {status(400, "ERR_INVALID_CHECKSUM: no\n"), []string{behind, clienttest.Head, before}, nil},
		"length required":        {status(411, ""), []string{behind, clienttest.Head, before}, nil},
		"coding not implemented": {status(501, ""), []string{behind, clienttest.Head, before}, nil},
		"redirected":             {status(307, "", "Location", "/files/1"), []string{behind, clienttest.Head, before}, nil},
		"refused before too": {
			append(status(400, ""), status(400, "")...), []string{behind, clienttest.Head, before}, protocol.ErrBadRequest,
		},

		"rejected for another reason": {status(400, "ERR_UPLOAD_REJECTED: no\n"), []string{behind}, protocol.ErrBadRequest},
		"forbidden":                   {status(403, ""), []string{behind}, protocol.ErrForbidden},
		"interrupted":                 {status(400, "ERR_UPLOAD_INTERRUPTED: no\n"), []string{behind, clienttest.Head, behind}, nil},
		"another offset":              {status(409, ""), []string{behind, clienttest.Head, behind}, nil},
		"cut":                         {[]fake.Action{fake.Cut(3)}, []string{"PATCH /files/1 0+3 trailer", clienttest.Head, behind}, nil},
		"answer lost":                 {[]fake.Action{fake.Lose}, []string{behind, clienttest.Head}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := trailing(t, "sha1")
				s.On(http.MethodPatch, test.patch...)
				data := clienttest.Noise(10)
				res, err := clienttest.NewClient(t, s, client.Config{Checksum: "auto"}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
				clienttest.WantRequests(t, s, append([]string{clienttest.Options, clienttest.Post}, test.want...)...)
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
					clienttest.WantStored(t, s, res.URL, "")
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
			})
		})
	}
}

// Without retries, a refused trailer ends the upload.
func TestChecksumTrailerWithoutRetries(t *testing.T) {
	s := trailing(t, "sha1")
	s.On(http.MethodPatch, fake.Status(411, ""))
	c := clienttest.NewClient(t, s, client.Config{Checksum: "auto", Retry: retry.Never})
	_, err := c.Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil)
	clienttest.WantErrorIs(t, err, retry.ErrExhausted)
	clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1 0+5 trailer")
}

// After a refused trailer, the rest is sent in chunks with the checksum before the bytes.
func TestChecksumTrailerDamaged(t *testing.T) {
	const size = 16<<20 + 1
	s := trailing(t, "md5")
	s.On(http.MethodPatch, fake.Damage)
	data := clienttest.Noise(size)
	c := clienttest.NewClient(t, s, client.Config{Checksum: "auto", Retry: retry.Delays(0)})
	res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), nil)
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1 0+16777217 trailer", clienttest.Head,
		"PATCH /files/1 0+16777216 md5", "PATCH /files/1 16777216+1 md5")
	clienttest.WantStored(t, s, res.URL, data)
}

// If a Doer clones the request with its trailer, the clone lacks the checksum, and the upload
// continues with checksums before the bytes.
func TestChecksumTrailerCloned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailing(t, "sha1")
		plain := s.Doer()
		c := clienttest.NewClient(t, s, client.Config{Checksum: "auto", Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
			return plain.Do(r.Clone(r.Context()))
		})})
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1 0+5 trailer", clienttest.Head, "PATCH /files/1 0+5 sha1")
		clienttest.WantStored(t, s, res.URL, "bytes")
	})
}

// The middlewares of package transport keep the trailer.
func TestChecksumTrailerAndMiddleware(t *testing.T) {
	s := trailing(t, "sha1")
	c := clienttest.NewClient(t, s, client.Config{Checksum: "auto", Doer: transport.Chain(s.Doer(),
		transport.Header(http.Header{"X-A": {"b"}}), transport.BasicAuth("u", "p"), transport.RequestID(),
		transport.UserAgent("test"), transport.MethodOverride(),
	)})
	if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil); err != nil {
		t.Fatal(err)
	}
	clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1 0+5 trailer")
}

// If the server loses some bytes of a stream, the next request has a checksum of the rest.
func TestChecksumTrailerOfStreams(t *testing.T) {
	data := clienttest.Noise(10)
	tests := map[string]struct {
		open  func() client.Source
		patch []fake.Action
		want  []string
	}{
		"unknown length": {
			func() client.Source { return clienttest.StreamSource(data, 8) }, nil,
			[]string{"PATCH /files/1 0+4 trailer", "PATCH /files/1 4+4 trailer", "PATCH /files/1 8+2 of 10 trailer"},
		},
		"unknown length, the last bytes lost": {
			func() client.Source { return clienttest.StreamSource(data, 8) },
			[]fake.Action{nil, nil, fake.Cut(1)},
			[]string{
				"PATCH /files/1 0+4 trailer", "PATCH /files/1 4+4 trailer", "PATCH /files/1 8+1 of 10 trailer",
				clienttest.Head, "PATCH /files/1 8+2 of 10 trailer",
			},
		},
		"known length, damaged": {
			func() client.Source {
				return client.Stream(clienttest.PlainReader(data), &client.StreamOptions{Window: 8, Length: protocol.Known(10)})
			},
			[]fake.Action{nil, fake.Damage},
			[]string{
				"PATCH /files/1 0+4 trailer", "PATCH /files/1 4+4 trailer", clienttest.Head, "PATCH /files/1 4+4 sha1", "PATCH /files/1 8+2 sha1",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := trailing(t, "sha1")
				s.On(http.MethodPatch, test.patch...)
				res, err := clienttest.NewClient(t, s, client.Config{Checksum: "auto"}).Upload(t.Context(), test.open(), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantRequests(t, s, append([]string{clienttest.Options, clienttest.Post}, test.want...)...)
				clienttest.WantStored(t, s, res.URL, data)
			})
		})
	}
}

func TestChecksumTrailerEmpty(t *testing.T) {
	for name, src := range map[string]client.Source{"file": clienttest.TextSource(t, ""), "stream": clienttest.StreamSource("", 8)} {
		t.Run(name, func(t *testing.T) {
			s := trailing(t, "sha1")
			res, err := clienttest.NewClient(t, s, client.Config{Checksum: "auto"}).Upload(t.Context(), src, nil)
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post)
			clienttest.WantStored(t, s, res.URL, "")
		})
	}
}

// A PATCH that only declares the length has no checksum.
func TestChecksumOfLengthOnly(t *testing.T) {
	for name, server := range map[string]func(*testing.T, ...string) *fake.Server{"before": clienttest.NewChecksumServer, "behind": trailing} {
		t.Run(name, func(t *testing.T) {
			s := server(t, "sha1")
			url := s.Put("bytes", protocol.Length{}, nil)
			if _, err := clienttest.NewClient(t, s, client.Config{Checksum: "auto"}).Resume(t.Context(), url, clienttest.TextSource(t, "bytes"), nil); err != nil {
				t.Fatal(err)
			}
			clienttest.WantRequests(t, s, askAt1, clienttest.Head, "PATCH /files/1 5+0 of 5")
		})
	}
}

// Each part has its own trailer, and a refusal affects only its own part.
func TestChecksumTrailerOfParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailing(t, "sha1")
		s.On(http.MethodPatch, fake.Damage)
		data := clienttest.Noise(4 << 20)
		res, err := clienttest.NewClient(t, s, client.Config{Checksum: "auto"}).
			Upload(t.Context(), clienttest.TextSource(t, data), &client.UploadOptions{Parallel: 2})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		seen := strings.Join(s.Seen(), "\n")
		if behind, before := strings.Count(seen, " trailer"), strings.Count(seen, " sha1"); behind != 2 || before != 1 {
			t.Errorf("%d trailers and %d headers, want 2 and 1:\n%s", behind, before, seen)
		}
	})
}

// An early answer is read while the body and its trailer are still being written, without a
// data race.
func TestChecksumTrailerEarlyAnswer(t *testing.T) {
	const size = 1 << 20
	s := trailing(t, "sha1")
	written := make(chan struct{})
	c := clienttest.NewClient(t, s, client.Config{Checksum: "auto", Retry: retry.Never, Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPatch {
			return s.Doer().Do(r)
		}
		answered := make(chan struct{})
		go func() {
			defer close(written)
			_, _ = io.CopyN(io.Discard, r.Body, size-1)
			close(answered)
			_, _ = io.Copy(io.Discard, r.Body)
		}()
		<-answered
		return &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(yielding{}), Request: r}, nil
	})})
	_, err := c.Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(size)), nil)
	<-written
	clienttest.WantErrorIs(t, err, protocol.ErrForbidden)
}

// yielding is an empty reader that lets other goroutines run first, without synchronization
// that would hide a race from the race detector.
type yielding struct{}

func (yielding) Read([]byte) (int, error) {
	for range 1000 {
		runtime.Gosched()
	}
	return 0, io.EOF
}

// If an HTTP/2 server closes the connection during a request with a trailer, the request is
// retried.
func TestChecksumTrailerGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := trailing(t, "sha1")
		plain, failed := s.Doer(), false
		c := clienttest.NewClient(t, s, client.Config{Checksum: "auto", Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPatch && !failed {
				failed = true
				return nil, errors.New("http2: Transport: cannot retry err [http2: server sent GOAWAY and closed the connection; " +
					"LastStreamID=5, ErrCode=STREAM_CLOSED] after Request.Body was written; define Request.GetBody to avoid this error")
			}
			return plain.Do(r)
		})})
		began := time.Now()
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, clienttest.Head, "PATCH /files/1 0+5 trailer")
		if took := time.Since(began); took > time.Minute {
			t.Errorf("took %v, want at most %v", took, time.Minute)
		}
	})
}
