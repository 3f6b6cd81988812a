package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

const (
	// none is the version of a request without Tus-Resumable.
	none = "none"

	// unsupported is a version that no server knows.
	unsupported = "99.99.99"

	// maxBody is how much of an answer's body is read.
	maxBody = 64 << 10

	headerCacheControl = "Cache-Control"
	headerRetryAfter   = "Retry-After"
	headerTrailer      = "Trailer"

	// headerSmuggled is hidden in metadata, and must not turn up in an answer.
	headerSmuggled = "X-Tusker-Smuggled"
)

// request is one request of a rule.
type request struct {
	method  string
	url     *url.URL
	version string   // Tus-Resumable; "": that of the specification
	header  []string // names and values, in turn
	body    []byte
	trailer string // Upload-Checksum, sent after the body; "": none
	cut     int    // the connection ends after so many bytes of the body; 0: it does not
}

// answer is what came back. The zero value is for a request that was not sent or
// got no answer.
type answer struct {
	status   int
	header   http.Header // never nil where status is not 0
	body     []byte
	redirect string // where the server sends us instead
}

// ok tells whether the request succeeded, in whatever form the server says so.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// has tells whether the header is there with a value.
func (a answer) has(name string) bool { return a.header.Get(name) != "" }

// words are the first of the body, for messages.
func (a answer) words() string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(a.body)), "\n")
	if line = clean(line); line == "" || strings.HasPrefix(line, "<") {
		return ""
	}
	return ": " + line
}

// roundTrip sends r once.
func (s *session) roundTrip(ctx context.Context, r request) (answer, error) {
	ctx = transport.SingleAttempt(ctx)
	if !s.trusts(r.url) {
		ctx = transport.WithoutCredentials(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.RequestTimeout,
		fmt.Errorf("nothing came within %v", s.opts.RequestTimeout))
	defer cancel()
	req, err := s.build(ctx, r)
	if err != nil {
		return answer{}, err
	}
	resp, err := s.doer.Do(req)
	if resp == nil || resp.Body == nil {
		if err == nil {
			err = errors.New("the Doer returned neither an answer nor an error")
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	a := answer{status: resp.StatusCode, header: resp.Header, redirect: redirected(r.url, resp)}
	if a.status == http.StatusSwitchingProtocols {
		return a, nil // No context ends the reading of what follows.
	}
	// What the headers say counts, however the body ends.
	a.body, _ = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return a, nil
}

func (s *session) build(ctx context.Context, r request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), nil)
	if err != nil {
		return nil, err
	}
	if s.trusts(r.url) {
		for name, values := range s.opts.Header {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	switch r.version {
	case "":
		protocol.SetVersion(req.Header)
	case none:
	default:
		req.Header.Set(protocol.HeaderResumable, r.version)
	}
	for i := 0; i+1 < len(r.header); i += 2 {
		req.Header.Set(r.header[i], r.header[i+1])
	}
	switch {
	case r.cut > 0:
		req.Body = io.NopCloser(io.MultiReader(bytes.NewReader(r.body[:r.cut]), cutOff{ctx}))
		req.ContentLength = int64(len(r.body))
	case r.trailer != "":
		req.Body = io.NopCloser(bytes.NewReader(r.body))
		req.ContentLength = -1
		req.Trailer = http.Header{protocol.HeaderUploadChecksum: {r.trailer}}
	case len(r.body) > 0:
		req.Body = io.NopCloser(bytes.NewReader(r.body))
		req.ContentLength = int64(len(r.body))
	case r.method == http.MethodPost || r.method == http.MethodPatch:
		req.Body = http.NoBody
	}
	return req, nil
}

// arrive is how long what was sent before a cut has to reach the server.
const arrive = 500 * time.Millisecond

// cutOff is a body that fails, which ends the connection that it is sent on. It
// waits before, since a server may throw away what it has not looked at when the
// connection ends, and cannot be blamed for that.
type cutOff struct{ ctx context.Context }

func (c cutOff) Read([]byte) (int, error) {
	if err := pause(c.ctx, arrive); err != nil {
		return 0, err
	}
	return 0, errors.New("cut on purpose")
}

// redirected is where the answer sends us, or where the doer went already.
func redirected(asked *url.URL, resp *http.Response) string {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 && resp.StatusCode != http.StatusNotModified {
		to, err := asked.Parse(resp.Header.Get(protocol.HeaderLocation))
		if err != nil {
			return "an unreadable URL"
		}
		return transport.RedactURL(to)
	}
	if resp.Request != nil && resp.Request.URL != nil && resp.Request.Response != nil {
		return transport.RedactURL(resp.Request.URL)
	}
	return ""
}
