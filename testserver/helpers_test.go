package testserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// transports are the ways in which faults reach a client over TCP.
var transports = []struct {
	name   string
	config testserver.Config
	proto  string
}{
	{"HTTP/1.1", testserver.Config{}, "HTTP/1.1"},
	{"TLS with HTTP/1.1", testserver.Config{TLS: &tls.Config{NextProtos: []string{"http/1.1"}}}, "HTTP/1.1"},
	{"TLS with HTTP/2", testserver.Config{TLS: &tls.Config{}}, "HTTP/2.0"},
}

// reply is an answer with its complete body.
type reply struct {
	status int
	header http.Header
	body   string
}

// offset returns Upload-Offset. Without a valid header, it fails the test.
func (r reply) offset(t *testing.T) int64 {
	t.Helper()
	n, err := protocol.ParseOffset(r.header.Get(protocol.HeaderUploadOffset))
	if err != nil {
		t.Fatalf("status %d, body %q: %v", r.status, r.body, err)
	}
	return n
}

// do sends one request. header is a list of names and values.
func do(ctx context.Context, c *http.Client, method, url string, body io.Reader, header ...string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set(protocol.HeaderResumable, protocol.Version)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(b)}, err
}

// mustDo is do, and fails the test if the answer has another status.
func mustDo(t *testing.T, status int, c *http.Client, method, url string, body io.Reader, header ...string) reply {
	t.Helper()
	r, err := do(t.Context(), c, method, url, body, header...)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	if r.status != status {
		t.Fatalf("%s: got status %d, body %q; want %d", method, r.status, r.body, status)
	}
	return r
}

// create creates an upload and returns its URL.
func create(t *testing.T, s *testserver.Server, length int, header ...string) string {
	t.Helper()
	header = append(header, protocol.HeaderUploadLength, strconv.Itoa(length))
	return mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil, header...).header.Get(protocol.HeaderLocation)
}

// patch sends data at an offset.
func patch(ctx context.Context, s *testserver.Server, url string, offset int64, data []byte) (reply, error) {
	return do(ctx, s.Client(), http.MethodPatch, url, bytes.NewReader(data),
		protocol.HeaderContentType, protocol.ContentType,
		protocol.HeaderUploadOffset, strconv.FormatInt(offset, 10))
}

// head returns the offset that the server reports.
func head(t *testing.T, s *testserver.Server, url string) int64 {
	t.Helper()
	return mustDo(t, http.StatusOK, s.Client(), http.MethodHead, url, nil).offset(t)
}

// finish sends the missing bytes of data and compares the stored bytes with
// data.
func finish(t *testing.T, s *testserver.Server, url string, data []byte) {
	t.Helper()
	at := head(t, s, url)
	r, err := patch(t.Context(), s, url, at, data[at:])
	if err != nil {
		t.Fatalf("patch at %d: %v", at, err)
	}
	if got := r.offset(t); got != int64(len(data)) {
		t.Fatalf("patch at %d: got offset %d, want %d", at, got, len(data))
	}
	stored(t, s, url, data)
}

// stored compares the stored bytes with data.
func stored(t *testing.T, s *testserver.Server, url string, data []byte) {
	t.Helper()
	got, err := s.Bytes(url)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Fatalf("got %d bytes stored, want these %d bytes", len(got), len(data))
	}
}

// content returns n pseudorandom bytes, the same ones at each call.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// last returns the latest request that the server received.
func last(t *testing.T, s *testserver.Server) testserver.Request {
	t.Helper()
	all := s.Requests()
	if len(all) == 0 {
		t.Fatal("no request was seen")
	}
	return all[len(all)-1]
}
