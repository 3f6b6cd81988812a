package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// requestLimit is larger than the number of requests of any script.
const requestLimit = 1500

// witness is a Doer between the client and the network. It records what the server has
// told the client about each upload, and checks these rules for each request:
//
//   - An upload has one request at a time.
//   - A PATCH begins at the last offset of the server, has the bytes of the source from
//     that offset, and is not larger than a chunk. Acknowledged bytes are sent again only
//     after the server said that it has lost them.
//   - If the script has a checksum, each PATCH has the checksum of its bytes. It is a
//     trailer, if possible, until one was refused.
//   - The request after a failed PATCH is a HEAD.
//   - No request follows an answer that ends the upload, but for a HEAD after a cancel.
//   - The number of failures in a row without progress is at most that of the policy.
//   - A PATCH is smaller than a chunk only after a larger one was refused or lost.
//   - A DELETE is the last request, after an error of the source that no later call can
//     correct.
type witness struct {
	doer    transport.Doer
	script  script
	content []byte
	cancel  context.CancelCauseFunc // of the running call
	ended   func() bool             // the running call was canceled

	mu      sync.Mutex
	began   time.Time
	log     []string
	faults  []string // broken rules
	uploads map[string]*told
	patches []sentPatch
	whole   bool  // the last byte was sent, in any call
	headers bool  // checksums are in headers, because a trailer was refused in this call
	broke   int   // number of OPTIONS in a row without an answer
	heard   bool  // OPTIONS had an answer, so only a checksum asks again
	silent  bool  // OPTIONS has no answer, so only an upload with a checksum asks again
	limit   int64 // largest body after larger ones were refused or lost; 0: any
	loss    loss  // the last PATCH, if it may have been lost
	call    call
}

// sentPatch is a PATCH that the client sent.
type sentPatch struct {
	path   string
	offset int64
}

func newWitness(s script, content []byte) *witness {
	return &witness{script: s, content: content, uploads: map[string]*told{}}
}

func (w *witness) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken(format, args...)
}

// say adds a line to the log.
func (w *witness) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(format, args...)
}

func (w *witness) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%12v ", time.Since(w.began))+fmt.Sprintf(format, args...))
}

func (w *witness) broken(format string, args ...any) {
	w.faults = append(w.faults, "rule broken: "+fmt.Sprintf(format, args...))
	w.note("^ "+format, args...)
}

// start begins another call.
func (w *witness) start(ctx context.Context, c call, cancel context.CancelCauseFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.began.IsZero() {
		w.began = time.Now()
	}
	c.since = time.Now()
	for _, u := range w.uploads {
		u.refused, u.unconfirmed, u.unknown, u.created = false, false, 0, time.Time{}
	}
	w.call, w.cancel, w.headers, w.loss = c, cancel, false, loss{}
	w.ended = func() bool { return ctx.Err() != nil }
	w.note("%s", c.name)
}

var errTooMany = errors.New("too many requests")

// Do implements transport.Doer.
func (w *witness) Do(req *http.Request) (*http.Response, error) {
	u, path, length := w.before(req)
	var reused bool
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
	}))
	if req.Body != nil && length > 0 {
		watch := func(b io.ReadCloser) io.ReadCloser {
			return &watchedBody{ReadCloser: b, w: w, request: w.requests(), offset: u.offset, length: length}
		}
		req.Body = watch(req.Body)
		if again := req.GetBody; again != nil {
			req.GetBody = func() (io.ReadCloser, error) {
				b, err := again()
				if err != nil {
					return nil, err
				}
				return watch(b), nil
			}
		}
	}
	resp, err := w.doer.Do(req)
	words := ""
	if err == nil && resp.StatusCode >= http.StatusInternalServerError {
		words = peek(resp)
	}
	w.after(req, path, u, length, reused, resp, words, err)
	if err != nil {
		w.release(path)
		return resp, err
	}
	resp.Body = &watchedAnswer{ReadCloser: resp.Body, done: func() { w.release(path) }}
	return resp, nil
}

func (w *witness) release(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.upload(path).busy = false
}

func (w *witness) upload(path string) *told {
	u := w.uploads[path]
	if u == nil {
		u = &told{}
		w.uploads[path] = u
	}
	return u
}

// before checks a request, and returns the length of its body.
func (w *witness) before(req *http.Request) (told, string, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	path, c := req.URL.Path, &w.call
	u := w.upload(path)
	length := max(req.ContentLength, 0)
	offset, err := strconv.ParseInt(req.Header.Get(protocol.HeaderUploadOffset), 10, 64)
	if req.ContentLength < 0 {
		length = w.pieceAt(offset)
	}
	if u.busy {
		w.broken("%s %s while another request is under way", req.Method, path)
	}
	u.busy, c.source = true, false
	if c.requests++; c.requests == requestLimit {
		w.broken("%d requests", c.requests)
		w.cancel(errTooMany)
	}
	if c.requests == w.script.stop.request && c.name == firstCall && (length == 0 || w.script.stop.bytes == 0) {
		w.cancel(errStopped)
	}
	w.settleLoss()
	if req.Method == http.MethodDelete {
		w.deletes()
		return *u, path, length
	}
	if req.Method == http.MethodHead && w.ended() {
		return *u, path, length // the last question, whatever the answers before
	}
	if c.final != nil {
		w.broken("%s after %s", req.Method, c.finalAt)
	}
	if req.Method == http.MethodOptions && w.silent && w.script.sum.algorithm == "" {
		w.broken("OPTIONS again to a server without an answer")
	}
	if c.failures >= w.script.tries {
		w.broken("%s after %d failures in a row", req.Method, c.failures)
	}
	if req.Method != http.MethodPatch {
		return *u, path, length
	}
	w.checkSum(req, offset, length)
	if length == 0 && offset == w.script.src.size {
		w.whole, w.call.whole = true, true // the request completes the upload
	}
	switch {
	case err != nil:
		w.broken("PATCH: %v", err)
	case !u.known:
		w.broken("PATCH at %d, not asked since a failure", offset)
	case offset != u.offset:
		w.broken("PATCH at %d, the server is at %d", offset, u.offset)
	case offset+length > w.script.src.size:
		w.broken("PATCH of bytes %d to %d of %d", offset, offset+length, w.script.src.size)
	case w.script.chunk > 0 && length > w.script.chunk:
		w.broken("PATCH of %d bytes, chunks have %d", length, w.script.chunk)
	case length == 0 && req.Header.Get(protocol.HeaderUploadLength) == "":
		w.broken("PATCH of nothing at %d", offset)
	case length != w.pieceAt(offset):
		w.broken("PATCH of %d bytes at %d, want %d", length, offset, w.pieceAt(offset))
	}
	w.patches = append(w.patches, sentPatch{path, offset})
	answer := *u
	answer.offset = offset
	return answer, path, length
}

// requests returns the number of the running request.
func (w *witness) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.call.requests
}

// watchedBody compares the bytes of a PATCH with the source.
type watchedBody struct {
	io.ReadCloser
	w       *witness
	request int
	offset  int64 // offset of the next byte
	length  int64 // remaining bytes
	read    int64
}

func (b *watchedBody) Read(p []byte) (int, error) {
	// An early answer may end the request after these bytes were read.
	late := b.w.requests() != b.request
	n, err := b.ReadCloser.Read(p)
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	if late && n > 0 {
		b.w.broken("bytes %d to %d taken after their request was over", b.offset, b.offset+int64(n))
	}
	b.w.sent(b, p[:n])
	b.offset, b.length, b.read = b.offset+int64(n), b.length-int64(n), b.read+int64(n)
	switch {
	case errors.Is(err, client.ErrSource):
		b.w.call.source = true
	case errors.Is(err, io.EOF) && b.length > 0:
		b.w.broken("the body of a PATCH lacks %d bytes", b.length)
	}
	return n, err
}

// sent compares the bytes that the network accepted with the source.
func (w *witness) sent(b *watchedBody, p []byte) {
	end := b.offset + int64(len(p))
	w.loss.sent = w.loss.sent || len(p) > 0
	if len(p) > 0 && end == w.script.src.size {
		w.whole, w.call.whole = true, true
	}
	for _, u := range w.uploads {
		if u.busy {
			u.reach = max(u.reach, end)
		}
	}
	if end > int64(len(w.content)) || !bytes.Equal(p, w.content[b.offset:end]) {
		w.broken("bytes %d to %d are not those of the source", b.offset, end)
	}
	stop := w.script.stop
	if w.call.requests == stop.request && w.call.name == firstCall &&
		b.read < stop.bytes && b.read+int64(len(p)) >= stop.bytes {
		w.cancel(errStopped)
	}
}

type watchedAnswer struct {
	io.ReadCloser
	done func()
}

func (a *watchedAnswer) Close() error {
	defer a.done()
	return a.ReadCloser.Close()
}

// event compares an event with the answers of the server.
func (w *witness) event(ev client.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	length, known := ev.Length.Int64()
	if ev.Offset > ev.Sent || known && ev.Sent > length {
		w.broken("event %v: offset %d, sent %d, length %v", ev.Kind, ev.Offset, ev.Sent, ev.Length)
	}
	if ev.URL == "" {
		return
	}
	u, err := url.Parse(ev.URL)
	if err != nil {
		w.broken("event %v: %v", ev.Kind, err)
		return
	}
	if most := w.upload(u.Path).most; ev.Offset > most {
		w.broken("event %v: offset %d, the server never named more than %d", ev.Kind, ev.Offset, most)
	}
}
