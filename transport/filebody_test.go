package transport_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

// open returns a file with content.
func open(t *testing.T, content []byte) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// Read returns the range of the file.
func TestFileBodyRead(t *testing.T) {
	t.Parallel()
	const content = "0123456789"
	for _, c := range []struct {
		name   string
		off, n int64
		want   string
		err    error
	}{
		{"all", 0, 10, content, nil},
		{"middle", 3, 4, "3456", nil},
		{"tail", 9, 1, "9", nil},
		{"empty", 4, 0, "", nil},
		{"empty at the end", 10, 0, "", nil},
		{"ends early", 8, 4, "89", io.ErrUnexpectedEOF},
		{"begins past the end", 20, 1, "", io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body, err := transport.FileBody(open(t, []byte(content)), c.off, c.n)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(body)
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("read %q, %v; want %q, %v", got, err, c.want, c.err)
			}
			if err := body.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// An invalid range is an error.
func TestFileBodyRange(t *testing.T) {
	t.Parallel()
	f := open(t, []byte("x"))
	for _, c := range []struct {
		name   string
		off, n int64
	}{
		{"negative offset", -1, 1},
		{"negative length", 0, -1},
		{"overflow", 1, 1<<63 - 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := transport.FileBody(f, c.off, c.n); err == nil {
				t.Error("no error")
			}
		})
	}
}

// Close ends reading and leaves the file open.
func TestFileBodyClosed(t *testing.T) {
	t.Parallel()
	f := open(t, []byte("0123456789"))
	body, err := transport.FileBody(f, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	_ = body.Close()
	if _, err := body.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read after Close: %v, want ErrClosed", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Errorf("the file is closed too: %v", err)
	}
}

// A range of a file arrives over HTTP and TLS, with and without a
// Content-Length.
func TestFileBodyOverHTTP(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	const off, n = 7, 1<<20 - 100
	for _, c := range []struct {
		name   string
		tls    bool
		length int64
	}{
		{"known length", false, n},
		{"unknown length", false, -1},
		{"TLS", true, n},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []byte
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got, _ = io.ReadAll(r.Body)
			}))
			if c.tls {
				s.StartTLS()
			} else {
				s.Start()
			}
			defer s.Close()
			body, err := transport.FileBody(open(t, content), off, n)
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			req.ContentLength = c.length
			resp, err := s.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if !bytes.Equal(got, content[off:off+n]) {
				t.Errorf("%d bytes arrived, not the %d of the file", len(got), n)
			}
		})
	}
}
