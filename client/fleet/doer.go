package fleet

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// headerKey names an item in the request that creates its upload, for servers that know the
// header.
const headerKey = "Idempotency-Key"

// fleetDoer sends the requests of a worker. It sends none for a claim that is no longer held,
// and shares the waits that hosts ask for with the other workers.
type fleetDoer struct {
	next  transport.Doer
	gates *gates
}

// Do implements transport.Doer.
func (d *fleetDoer) Do(req *http.Request) (*http.Response, error) {
	c := claimOf(req.Context())
	if c == nil {
		return d.next.Do(req)
	}
	now := time.Now()
	if err := c.check(now); err != nil {
		return nil, retry.Permanent(err)
	}
	if req.Method == http.MethodPost {
		if wait := d.gates.wait(req.URL.Host, now); wait > 0 {
			return throttled(req, wait), nil
		}
		req = req.Clone(req.Context())
		req.Header.Set(headerKey, c.id)
	}
	resp, err := d.next.Do(req)
	if err == nil {
		d.gates.hear(req.URL.Host, resp)
	}
	return resp, err
}

// CloseIdleConnections closes idle connections of the Doer below.
func (d *fleetDoer) CloseIdleConnections() {
	if c, ok := d.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// throttled is the answer of a host that has asked another worker to wait. The client then
// holds back all its uploads to this host.
func throttled(req *http.Request, wait time.Duration) *http.Response {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	const text = "the server has asked another worker to wait"
	seconds := int64((wait + time.Second - 1) / time.Second)
	return &http.Response{
		Status: "429 Too Many Requests", StatusCode: http.StatusTooManyRequests, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}, "Content-Type": {"text/plain"}, "Tus-Resumable": {"1.0.0"}},
		Body:   io.NopCloser(bytes.NewReader([]byte(text))), ContentLength: int64(len(text)), Request: req,
	}
}
