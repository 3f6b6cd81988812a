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
	// noVersion is the version of a request that declares none.
	noVersion = "none"

	// unsupportedVersion is a version that servers do not support.
	unsupportedVersion = "99.99.99"

	// maxBody is the number of bytes that are read of an answer's body.
	maxBody = 64 << 10

	headerCacheControl = "Cache-Control"
	headerRetryAfter   = "Retry-After"
	headerTrailer      = "Trailer"

	// headerSmuggled is hidden in metadata and must not appear in an answer.
	headerSmuggled = "X-Tusker-Smuggled"
)

// request is a request of a rule.
type request struct {
	method  string
	url     *url.URL
	version string   // Tus-Resumable, or the interop version; "": the version of the run
	header  []string // names and values alternate
	body    []byte
	trailer string // Upload-Checksum after the body; "": no trailer
	cut     int    // number of bytes after which the connection ends; 0: no cut
	chunked bool   // the size of the body is not announced
	held    *held  // the body waits in its middle; nil: it does not wait
}

// answer is the answer to a request. The zero value stands for no request or no
// answer.
type answer struct {
	status   int
	header   http.Header // not nil unless status is 0
	body     []byte
	redirect string // target of a redirect; "": none

	interim []interim // the interim responses before it, also without a final one
}

// ok reports whether the request succeeded, with any status 2xx.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// has reports whether the header has a value.
func (a answer) has(name string) bool { return a.header.Get(name) != "" }

// firstLine returns the first line of a text body, for messages.
func (a answer) firstLine() string {
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
		fmt.Errorf("timeout after %v", s.opts.RequestTimeout))
	defer cancel()
	ctx, seen := withInterim(ctx, r.held)
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
		return answer{interim: seen.all()}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	a := answer{status: resp.StatusCode, header: resp.Header, redirect: redirectTarget(r.url, resp), interim: seen.all()}
	if a.status == http.StatusSwitchingProtocols {
		return a, nil // no context ends a read after a switch of protocols
	}
	// The status and the headers count even if the body is cut.
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
	switch name, value := s.opts.Protocol.versionHeader(); r.version {
	case "":
		req.Header.Set(name, value)
	case noVersion:
	default:
		req.Header.Set(name, r.version)
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
	case r.held != nil:
		req.Body = r.held.body(ctx, r.body)
		req.ContentLength = int64(len(r.body))
	case r.chunked:
		req.Body = io.NopCloser(bytes.NewReader(r.body))
		req.ContentLength = -1
	case len(r.body) > 0:
		req.Body = io.NopCloser(bytes.NewReader(r.body))
		req.ContentLength = int64(len(r.body))
	case r.method == http.MethodPost || r.method == http.MethodPatch:
		req.Body = http.NoBody
	}
	return req, nil
}

// flushTime is the time for the bytes before a cut to reach the server.
const flushTime = 500 * time.Millisecond

// cutOff is a body that returns an error, which ends the connection. It waits
// first, because a server may lose bytes that it has not read when the
// connection ends, which is not a fault of the server.
type cutOff struct{ ctx context.Context }

func (c cutOff) Read([]byte) (int, error) {
	if err := pause(c.ctx, flushTime); err != nil {
		return 0, err
	}
	return 0, errors.New("cut on purpose")
}

// redirectTarget returns the target of a redirect in the answer, or the URL
// that the doer was redirected to.
func redirectTarget(asked *url.URL, resp *http.Response) string {
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
