package testserver_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// tusd gets nothing of a body before all of it has arrived, with and without a
// Content-Length.
func TestBuffer(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int64{"with Content-Length": 300_000, "without Content-Length": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{})
				data := content(300_000)
				url := create(t, s, len(data))
				s.Inject(testserver.Fault{Times: testserver.Always, Do: testserver.Buffer()})
				body, w := io.Pipe()
				done := make(chan struct{})
				go func() {
					defer close(done)
					req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, url, body)
					if err != nil {
						t.Error(err)
						return
					}
					req.ContentLength = length
					req.Header = http.Header{
						protocol.HeaderResumable: {protocol.Version}, protocol.HeaderUploadOffset: {"0"},
						protocol.HeaderContentType: {protocol.ContentType},
					}
					res, err := s.Client().Do(req)
					if err != nil {
						t.Error(err)
						return
					}
					if _ = res.Body.Close(); res.StatusCode != http.StatusNoContent {
						t.Errorf("got status %d, want 204", res.StatusCode)
					}
				}()
				if _, err := w.Write(data[:299_999]); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if got := head(t, s, url); got != 0 {
					t.Errorf("got offset %d before the last byte, want 0", got)
				}
				stored(t, s, url, nil)
				if _, err := w.Write(data[299_999:]); err != nil {
					t.Fatal(err)
				}
				_ = w.Close()
				<-done
				stored(t, s, url, data)
			})
		})
	}
}

// A cut before the end of a buffered body stores no bytes.
func TestBufferCut(t *testing.T) {
	t.Parallel()
	const size, cut = 300_000, 123_457
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(size)
			for range repeats / 5 {
				url := create(t, s, size)
				s.Inject(testserver.Fault{
					Method: http.MethodPatch,
					Do:     testserver.Chain(testserver.CutAfter(cut), testserver.Buffer()),
				})
				_, err := patch(t.Context(), s, url, 0, data)
				wantReset(t, tr.proto, err)
				stored(t, s, url, nil)
				finish(t, s, url, data)
			}
		})
	}
}

// Without a temporary folder, Buffer answers 500; otherwise the temporary files
// are removed. The test changes the environment, so it is not parallel.
func TestBufferFolder(t *testing.T) {
	dir := t.TempDir()
	s := testserver.New(t, testserver.Config{Dir: t.TempDir()})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{Times: 2, Method: http.MethodPatch, Do: testserver.Buffer()})

	t.Setenv("TMPDIR", filepath.Join(dir, "none"))
	t.Setenv("TMP", filepath.Join(dir, "none"))
	if r, err := patch(t.Context(), s, url, 0, content(10)); err != nil || r.status != http.StatusInternalServerError {
		t.Errorf("got %d, %v; want 500", r.status, err)
	}
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	if r, err := patch(t.Context(), s, url, 0, content(10)); err != nil || r.status != http.StatusNoContent {
		t.Errorf("got %d, %v; want 204", r.status, err)
	}
	s.Close()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("got files %v, error %v; want none", left, err)
	}
}

// BodyLimit refuses a body that is too large and passes all other requests.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	const limit, size = 50_000, 2_000_000
	wantPage := func(t *testing.T, r reply) {
		t.Helper()
		if r.status != http.StatusRequestEntityTooLarge || !strings.HasPrefix(r.body, "<html>") || r.header.Get("Content-Type") != "text/html" {
			t.Errorf("got %d, %v, body %q; want 413 with a page", r.status, r.header, r.body)
		}
		if got := r.header.Get(protocol.HeaderResumable); got != "" {
			t.Errorf("got Tus-Resumable %q, want none", got)
		}
	}
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(size)
			url := create(t, s, size)
			s.Inject(
				testserver.Fault{Times: testserver.Always, Do: testserver.BodyLimit(limit)},
				// Requests with small bodies skip the limit and use the next
				// fault.
				testserver.Fault{Method: http.MethodHead, Do: status(http.StatusBadGateway)},
			)
			mustDo(t, http.StatusBadGateway, s.Client(), http.MethodHead, url, nil)

			if tr.proto == "HTTP/2.0" {
				r, err := patch(t.Context(), s, url, 0, data)
				if err != nil {
					t.Fatal(err)
				}
				wantPage(t, r)
			} else {
				r, err := patchEndlessly(t, dial(t, s, nil), url)
				wantPage(t, r)
				if !isReset(err) {
					t.Errorf("write: got %v, want ECONNRESET or EPIPE", err)
				}
			}
			if r := last(t, s); r.BodyBytes != 0 || r.Status != http.StatusRequestEntityTooLarge {
				t.Errorf("got status %d after %d bytes, want 413 after 0", r.Status, r.BodyBytes)
			}
			stored(t, s, url, nil)

			// A body of exactly the limit is accepted.
			if r, err := patch(t.Context(), s, url, 0, data[:limit]); err != nil || r.status != http.StatusNoContent {
				t.Fatalf("got %d, %v; want 204", r.status, err)
			}
			if got := last(t, s).Fault; got != "" {
				t.Errorf("got fault %q, want none", got)
			}
			// The same limit holds for bodies without Content-Length.
			chunked := func(from, to int, want int) reply {
				return mustDo(t, want, s.Client(), http.MethodPatch, url, io.MultiReader(bytes.NewReader(data[from:to])),
					protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "50000")
			}
			wantPage(t, patchUnended(t, s, url, data[limit:2*limit+1], http.StatusRequestEntityTooLarge))
			stored(t, s, url, data[:limit])
			chunked(limit, 2*limit, http.StatusNoContent)
			stored(t, s, url, data[:2*limit])
		})
	}
}

// patchUnended sends data at offset 50000 in a body that does not end before
// the answer. Each piece is one write, so that no write is pending, and fails,
// when the server closes the connection after the last byte.
func patchUnended(t *testing.T, s *testserver.Server, url string, data []byte, want int) reply {
	t.Helper()
	body, w := io.Pipe()
	defer func() { _ = w.Close() }()
	go func() {
		for piece := range slices.Chunk(data, 1000) {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	}()
	return mustDo(t, want, s.Client(), http.MethodPatch, url, body,
		protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "50000")
}

// BodyLimit closes the connection without reading the rest of the body, even if
// net/http would read a rest this small to keep the connection.
func TestBodyLimitHangsUp(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{Do: testserver.BodyLimit(5)})
	r, err := patch(t.Context(), s, url, 0, content(10))
	if err != nil || r.status != http.StatusRequestEntityTooLarge {
		t.Fatalf("got %d, %v; want 413", r.status, err)
	}
	before := last(t, s).RemoteAddr
	head(t, s, url)
	if last(t, s).RemoteAddr == before {
		t.Error("the connection is still in use")
	}
}

// Buffer passes the length of the complete body to tusd.
func TestBufferAnnouncesLength(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	var length int64
	s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Chain(
		testserver.Buffer(),
		testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			length = r.ContentLength
			next.ServeHTTP(w, r)
		}),
	)})
	mustDo(t, http.StatusNoContent, s.Client(), http.MethodPatch, url, io.MultiReader(bytes.NewReader(content(10))),
		protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0")
	if length != 10 {
		t.Errorf("tusd got a length of %d, want 10", length)
	}
}
