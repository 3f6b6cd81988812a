package rufhserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// transports are the ways in which responses reach a client.
var transports = []struct {
	name   string
	config testserver.Config
}{
	{"HTTP/1.1", testserver.Config{}},
	{"HTTP/2", testserver.Config{TLS: &tls.Config{}}},
}

type setter interface{ SetHeader(h rufh.Header) error }

// request is a request of a client.
type request struct {
	exchange rufh.Exchange // its Version is that of the session
	method   string
	url      string
	fields   setter // nil: none
	body     io.Reader
	header   http.Header // further fields
	interim  func()      // called after each interim response; nil: no call
}

// reply is what a client sees of a response.
type reply struct {
	rufh.Response
	header  http.Header
	content string
	verdict rufh.Verdict
	interim []rufh.Response
}

// session is a client of one version.
type session struct {
	*testing.T
	server  *rufhserver.Server
	version rufh.Version
}

func (s session) try(ctx context.Context, q request) (reply, error) {
	s.Helper()
	var mu sync.Mutex
	var got reply
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		mu.Lock()
		defer mu.Unlock()
		got.interim = append(got.interim, s.version.ParseResponse(code, http.Header(h)))
		if q.interim != nil {
			q.interim()
		}
		return nil
	}})
	r, err := http.NewRequestWithContext(ctx, q.method, q.url, q.body)
	if err != nil {
		s.Fatal(err)
	}
	if q.fields != nil {
		if err := q.fields.SetHeader(r.Header); err != nil {
			s.Fatal(err)
		}
	}
	maps.Copy(r.Header, q.header)
	res, err := s.server.Client().Do(r)
	mu.Lock()
	defer mu.Unlock()
	if err != nil {
		return got, err
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	got.Response, got.header, got.content = s.version.ParseResponse(res.StatusCode, res.Header), res.Header, string(content)
	got.Problem, _ = rufh.ParseProblem(res.Header.Get("Content-Type"), content)
	q.exchange.Version = s.version
	if len(got.interim) > 0 {
		q.exchange.Location = got.interim[0].Location
	}
	got.verdict = rufh.Judge(q.exchange, got.Response)
	return got, err
}

// send sends a request, whose response must have this meaning.
func (s session) send(want rufh.Meaning, q request) reply {
	s.Helper()
	got, err := s.try(s.Context(), q)
	if err != nil {
		s.Fatalf("%s: %v", q.method, err)
	}
	if got.verdict.Meaning != want {
		s.Fatalf("%s: status %d, %q, %v is %v, want %v", q.method, got.Status, got.content, got.header, got.verdict.Meaning, want)
	}
	return got
}

// creation is a POST with content, which completes the upload or not.
func (s session) creation(complete bool, content []byte) request {
	return request{
		exchange: rufh.Exchange{Op: protocol.OpCreate, Complete: complete, End: protocol.Known(int64(len(content)))},
		method:   http.MethodPost, url: s.server.URL() + "docs",
		fields: rufh.Creation{Version: s.version, Complete: complete}, body: bytes.NewReader(content),
	}
}

// patch is an append of content.
func (s session) patch(url string, offset int64, complete bool, content []byte) request {
	return request{
		exchange: rufh.Exchange{Op: protocol.OpPatch, Complete: complete, End: protocol.Known(offset + int64(len(content)))},
		method:   http.MethodPatch, url: url,
		fields: rufh.Append{Version: s.version, Offset: offset, Complete: complete}, body: bytes.NewReader(content),
	}
}

func (s session) head(url string) request {
	return request{exchange: rufh.Exchange{Op: protocol.OpHead}, method: http.MethodHead, url: url, fields: s.version}
}

func (s session) remove(url string) request {
	return request{exchange: rufh.Exchange{Op: protocol.OpTerminate}, method: http.MethodDelete, url: url, fields: s.version}
}

func (s session) stored(url string, want []byte) {
	s.Helper()
	got, err := s.server.Bytes(url)
	if err != nil || !bytes.Equal(got, want) {
		s.Fatalf("%d bytes are stored, %v, want these %d", len(got), err, len(want))
	}
}

// only returns the URL of the only upload.
func (s session) only() string {
	s.Helper()
	all, err := s.server.Uploads()
	if err != nil || len(all) != 1 {
		s.Fatalf("uploads %q, %v", all, err)
	}
	return all[0]
}

// start returns a session of version v with a server that speaks it.
func start(t *testing.T, v rufh.Version, cfg rufhserver.Config) session {
	t.Helper()
	if cfg.Versions == nil {
		cfg.Versions = []rufh.Version{v}
	}
	return session{T: t, server: rufhserver.New(t, cfg), version: v}
}

// versions returns the versions from first to last.
func versions(first, last rufh.Version) []rufh.Version {
	var all []rufh.Version
	for v := first; v <= last; v++ {
		all = append(all, v)
	}
	return all
}

// content returns n pseudorandom bytes, the same ones at each call.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return b
}
