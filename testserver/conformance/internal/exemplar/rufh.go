package exemplar

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// RUFH is a server in memory for one interop version of Resumable Uploads for HTTP, which
// follows every sentence of its draft. It passes all rules. Its fields must not change after
// the first request. It is safe for concurrent use.
type RUFH struct {
	Version rufh.Version
	Limits  protocol.Limits

	// Step is the difference between the numbers in the URLs of uploads. 0: 7919.
	Step int

	// Shared means that HEAD does not end the request that holds the upload.
	Shared bool

	mu      sync.Mutex
	uploads map[string]*resource
	made    int
}

// NewRUFH returns a server with limits and without uploads.
func NewRUFH(v rufh.Version) *RUFH {
	return &RUFH{
		Version: v, Limits: protocol.Limits{MaxUpload: 1 << 20, MinUpload: 2, MinRequest: 1, MaxRequest: 1 << 19, MaxAge: 3600e9},
		uploads: make(map[string]*resource),
	}
}

// resource is an upload resource. Its fields are guarded by the mutex of the server.
type resource struct {
	data     []byte
	length   protocol.Length
	complete bool
	holder   chan struct{} // closed when another request takes over; nil: no request holds it
}

// Len returns the number of uploads.
func (s *RUFH) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

// ServeHTTP implements [http.Handler].
func (s *RUFH) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := rufh.ParseRequest(r.Header)
	t := &turn{RUFH: s, w: w, r: r, q: q}
	switch {
	case strings.HasPrefix(r.URL.Path, "/files/up-"):
		t.serve()
	case r.Method == http.MethodOptions:
		t.answer(http.StatusNoContent, rufh.Response{Limits: &s.Limits})
	case q.Complete == rufh.Unstated || q.Version != s.Version:
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
	default:
		t.create()
	}
}

// turn is one request.
type turn struct {
	*RUFH
	w    http.ResponseWriter
	r    *http.Request
	q    rufh.Request
	path string
	at   string // URL for the Location of a creation; "": not a creation
}

func (t *turn) answer(status int, r rufh.Response) {
	if t.Version < 6 {
		r.Limits, r.Length = nil, protocol.Length{}
	}
	if err := r.SetHeader(t.Version, t.w.Header()); err != nil {
		panic(err)
	}
	t.w.WriteHeader(status)
}

// interim sends a 104, whose fields are not part of the final answer.
func (t *turn) interim(r rufh.Response) {
	r.Version = t.Version
	before := t.w.Header().Clone()
	t.answer(rufh.StatusResumptionSupported, r)
	clear(t.w.Header())
	maps.Copy(t.w.Header(), before)
}

func (t *turn) refuse(status int, r rufh.Response) {
	r.Complete = rufh.Incomplete
	t.answer(status, r)
}

// tooSmall reports whether the content is smaller than the server wants it.
func (t *turn) tooSmall() bool {
	return t.r.ContentLength > 0 && t.r.ContentLength < t.Limits.MinRequest && t.q.Complete != rufh.Complete
}

func (t *turn) create() {
	u := &resource{length: t.q.Length}
	n, declared := t.q.Length.Int64()
	end := t.q.Complete == rufh.Complete && t.r.ContentLength >= 0
	switch {
	case declared && n > t.Limits.MaxUpload:
		t.refuse(http.StatusRequestEntityTooLarge, rufh.Response{Limits: &t.Limits})
		return
	case t.q.Complete == rufh.Complete && end && t.r.ContentLength < t.Limits.MinUpload:
		// The upload is too small to be resumable.
		_, _ = io.Copy(io.Discard, t.r.Body)
		t.answer(http.StatusCreated, rufh.Response{Complete: rufh.Complete})
		return
	case declared && n < t.Limits.MinUpload, t.tooSmall():
		t.refuse(http.StatusBadRequest, rufh.Response{Limits: &t.Limits})
		return
	case end && declared && n != t.r.ContentLength:
		t.refuse(http.StatusBadRequest, rufh.Response{})
		return
	case end:
		u.length = protocol.Known(t.r.ContentLength)
	}
	t.mu.Lock()
	t.made++
	t.path = "/files/up-" + strconv.Itoa(t.made*cmp.Or(t.Step, 7919))
	t.uploads[t.path] = u
	t.mu.Unlock()
	t.at = "http://" + t.r.Host + t.path
	t.interim(rufh.Response{Location: t.at, Limits: &t.Limits})
	if t.r.Header.Get("Expect") != "" {
		t.w.WriteHeader(http.StatusContinue)
	}
	t.receive(u, 0)
}

// serve serves a request to an upload.
func (t *turn) serve() {
	t.path = t.r.URL.Path
	t.mu.Lock()
	u := t.uploads[t.path]
	t.mu.Unlock()
	old := t.Version <= 6 && t.r.Method != http.MethodPatch
	switch {
	case u == nil:
		t.refuse(http.StatusNotFound, rufh.Response{})
	case old && (t.r.Header.Get(rufh.HeaderUploadOffset) != "" || t.q.Complete != rufh.Unstated || t.r.Header.Get(rufh.HeaderUploadLength) != ""):
		t.refuse(http.StatusBadRequest, rufh.Response{})
	case t.r.Method == http.MethodHead:
		t.retrieve(u)
	case t.r.Method == http.MethodDelete:
		t.take(u)
		t.remove()
		t.w.WriteHeader(http.StatusNoContent)
	case t.r.Method == http.MethodPatch:
		t.append(u)
	default:
		t.refuse(http.StatusMethodNotAllowed, rufh.Response{})
	}
}

func (t *turn) remove() {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.uploads, t.path)
}

// take ends the request that holds u, and makes this one the holder.
func (t *turn) take(u *resource) (superseded chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.holder != nil {
		close(u.holder)
	}
	u.holder = make(chan struct{})
	return u.holder
}

// release means that no request holds u, unless another one has taken over.
func (t *turn) release(u *resource, mine chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.holder == mine {
		u.holder = nil
	}
}

func (t *turn) retrieve(u *resource) {
	if !t.Shared {
		defer t.release(u, t.take(u))
	}
	t.mu.Lock()
	r := rufh.Response{Offset: protocol.Known(int64(len(u.data))), Length: u.length, Complete: rufh.Incomplete, Limits: &t.Limits}
	if u.complete {
		r.Complete = rufh.Complete
	}
	t.mu.Unlock()
	t.w.Header().Set("Cache-Control", "no-store")
	t.answer(http.StatusNoContent, r)
}

func (t *turn) append(u *resource) {
	t.mu.Lock()
	offset, length, complete := protocol.Known(int64(len(u.data))), u.length, u.complete
	t.mu.Unlock()
	wanted, known := t.q.Offset.Int64()
	declared := []protocol.Length{t.q.Length}
	if t.q.Complete == rufh.Complete && t.r.ContentLength >= 0 {
		declared = append(declared, protocol.Known(wanted+t.r.ContentLength))
	}
	switch {
	case !known || t.q.Complete == rufh.Unstated || t.Version.MediaType() != "" && t.r.Header.Get("Content-Type") != rufh.MediaType:
		t.refuse(http.StatusBadRequest, rufh.Response{})
		return
	case t.q.Offset != offset:
		t.mismatch(offset)
		return
	case complete:
		t.refuse(http.StatusBadRequest, rufh.Response{Offset: offset})
		return
	case t.r.ContentLength > t.Limits.MaxRequest:
		t.refuse(http.StatusRequestEntityTooLarge, rufh.Response{Limits: &t.Limits})
		return
	case t.tooSmall():
		t.refuse(http.StatusBadRequest, rufh.Response{Limits: &t.Limits})
		return
	}
	for _, l := range declared {
		if _, known := l.Int64(); !known {
			continue
		}
		if length != (protocol.Length{}) && l != length {
			t.refuse(http.StatusBadRequest, rufh.Response{})
			return
		}
		length = l
	}
	t.mu.Lock()
	u.length = length
	t.mu.Unlock()
	t.receive(u, wanted)
}

// mismatch answers 409 with a problem.
func (t *turn) mismatch(offset protocol.Length) {
	content, err := json.Marshal(rufh.Problem{Type: rufh.ProblemMismatchingOffset, Expected: offset, Provided: t.q.Offset})
	if err != nil {
		panic(err)
	}
	t.w.Header().Set("Content-Type", rufh.ProblemMediaType)
	t.refuse(http.StatusConflict, rufh.Response{Offset: offset})
	_, _ = t.w.Write(content)
}

// errSuperseded ends a request that another one has replaced.
var errSuperseded = errors.New("superseded")

// receive stores the body from offset on, and answers.
func (t *turn) receive(u *resource, offset int64) {
	mine := t.take(u)
	defer t.release(u, mine)
	for p, err := range pieces(t.r.Body, mine) {
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		t.mu.Lock()
		select {
		case <-mine:
			t.mu.Unlock()
			panic(http.ErrAbortHandler)
		default:
		}
		n, known := u.length.Int64()
		over := known && int64(len(u.data)+len(p)) > n
		if !over {
			u.data = append(u.data, p...)
			offset = int64(len(u.data))
		}
		t.mu.Unlock()
		if over {
			t.remove()
			t.refuse(http.StatusBadRequest, rufh.Response{})
			return
		}
		if t.Version >= 5 {
			t.interim(rufh.Response{Offset: protocol.Known(offset)})
		}
	}
	t.acknowledge(u, offset)
}

// acknowledge answers a request whose content is stored.
func (t *turn) acknowledge(u *resource, offset int64) {
	r, status := rufh.Response{Complete: rufh.Incomplete, Location: t.at}, http.StatusNoContent
	if t.at != "" {
		status, r.Limits = http.StatusCreated, &t.Limits
	}
	if t.Version <= 6 {
		status, r.Offset = http.StatusCreated, protocol.Known(offset)
	}
	if t.q.Complete != rufh.Complete {
		t.answer(status, r)
		return
	}
	t.mu.Lock()
	u.complete, u.length = true, protocol.Known(offset)
	t.mu.Unlock()
	r = rufh.Response{Complete: rufh.Complete}
	if t.Version <= 6 {
		r = rufh.Response{Offset: protocol.Known(offset), Location: t.at}
	}
	t.answer(http.StatusCreated, r)
	_, _ = fmt.Fprintln(t.w, "done")
}

// pieces yields the body piece by piece, and errSuperseded when the channel is closed. The
// client closes the body then, which ends the read.
func pieces(body io.Reader, superseded <-chan struct{}) func(yield func([]byte, error) bool) {
	type piece struct {
		p   []byte
		err error
	}
	return func(yield func([]byte, error) bool) {
		next, done := make(chan piece), make(chan struct{})
		defer close(done)
		go func() {
			for {
				p := make([]byte, 1<<10)
				n, err := body.Read(p)
				select {
				case next <- piece{p[:n], err}:
				case <-done:
					return
				}
				if err != nil {
					return
				}
			}
		}()
		for {
			select {
			case <-superseded:
				yield(nil, errSuperseded)
				return
			case got := <-next:
				if len(got.p) > 0 && !yield(got.p, nil) {
					return
				}
				if got.err == io.EOF { //nolint:errorlint // Readers return it bare.
					return
				}
				if got.err != nil {
					yield(nil, got.err)
					return
				}
			}
		}
	}
}
