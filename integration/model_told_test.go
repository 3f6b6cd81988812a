package integration

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// told is the knowledge of the client about an upload.
type told struct {
	offset int64 // the last offset that the server named
	known  bool  // no request has failed since
	most   int64 // the highest offset that the server named
	reach  int64 // the highest offset that was sent
	busy   bool  // a request is running

	unconfirmed bool // it was created in this call, and no answer for it has arrived since
	tried       bool // a PATCH that sent bytes broke off, so the bytes may have arrived
	unknown     int  // number of answers that the upload is unknown, since the last progress

	created time.Time // in this call; zero: by an earlier one
	refused bool      // the server refused an offset since the last progress
}

// call is the state of one call of the client.
type call struct {
	name      string
	joins     bool // the call resumes an upload, which the first HEAD names
	replaces  bool // the call creates a new upload if the recorded one is gone
	disputed  bool // the record says that the server named a higher offset than was sent
	unheard   bool // the record knows no answer about its upload
	requests  int
	best      int64 // highest acknowledged offset
	failures  int   // failures in a row, the lowest possible count of the policy
	mishaps   int   // failures in a row, the highest possible count of the policy
	since     time.Time
	damaged   int     // number of answers that the bytes are damaged
	waited    bool    // the call has waited for a lock
	renewed   bool    // the client requested another token
	lost      int     // PATCH requests since the last progress whose bytes may all be lost
	hollow    bool    // the creation of an empty upload was answered without a Location
	deleted   bool    // the upload was deleted
	deletes   int     // number of DELETE requests
	stale     bool    // a reused connection was closed since the last progress
	moved     bool    // a redirect was answered to a PATCH since the last progress
	gone      bool    // a PATCH was answered with 404, or one with the last byte with 410, since the last progress
	final     []error // the error of the call must wrap one of these; nil: not decided
	finalAt   string
	created   int
	source    bool // the source failed in the running request
	whole     bool // the last byte was sent, and no answer says that it was lost
	uncertain bool // the upload was gone after its last byte had been sent
	back      bool // HEAD named an offset to which a stream may be unable to go back
	lacks     bool // OPTIONS gave no features
}

// after updates the state with the outcome of a request. was is the state of the upload
// before it.
func (w *witness) after(req *http.Request, path string, was told, length int64, reused bool, resp *http.Response, words string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what := req.Method
	if what == http.MethodPatch {
		what = fmt.Sprintf("PATCH %d+%d", was.offset, length)
	}
	if err != nil {
		w.note("%s: %v", what, err)
		switch {
		case req.Method == http.MethodDelete:
			// A request on a reused connection may not have arrived, so it is sent again.
			w.call.deleted = w.call.deleted && (!reused || w.call.deletes > 1)
		case req.Method == http.MethodOptions && w.unanswered(mostUnanswered(err)):
		case w.call.source:
			// The source failed before there was an answer.
			w.failed(req.Method, path)
			w.call.final, w.call.finalAt = is(client.ErrSource), what
		case reused && !w.call.stale && !errors.Is(err, client.ErrStalled):
			w.call.stale = true
			w.forget(req.Method, path)
			w.mayBeLost(req.Method, path, 0)
		default:
			w.failed(req.Method, path)
			w.mayBeLost(req.Method, path, length)
		}
		return
	}
	h := resp.Header
	what = fmt.Sprintf("%s: %d", what, resp.StatusCode)
	offset, oerr := strconv.ParseInt(h.Get(protocol.HeaderUploadOffset), 10, 64)
	if oerr == nil {
		what += fmt.Sprintf(" offset %d", offset)
	}
	marked, tag := h.Get(headerAnswer), ""
	if marked != "" {
		tag = " (fault)"
	}
	w.note("%s%s", what, tag)
	if req.Method == http.MethodOptions && w.noFeatures(resp, words) {
		return
	}
	if req.Method == http.MethodDelete {
		return
	}
	w.call.finalAt = what
	if marked != "" {
		i, _ := strconv.Atoi(marked)
		w.answered(req, path, statuses[i], length)
		return
	}
	ok := resp.StatusCode < http.StatusMultipleChoices
	switch {
	case !ok:
		w.refused(req.Method, path, resp, words, length)
	case req.Method == http.MethodOptions:
		w.call.hollow = false
	case req.Method == http.MethodPost:
		w.created(req, h.Get("Location"))
	case oerr != nil, offset < 0:
		if req.Method == http.MethodHead {
			w.call.final = is(protocol.ErrInvalidOffset)
		}
		w.failed(req.Method, path)
	case req.Method == http.MethodHead:
		w.asked(path, offset)
	case offset < was.offset, offset > was.offset+length:
		w.failed(req.Method, path)
	case offset == was.offset && length > 0:
		w.failed(req.Method, path)
		w.upload(path).unconfirmed = false
	default:
		w.acknowledged(path, offset)
	}
}

// failed counts a failure that a retry may solve.
func (w *witness) failed(method, path string) {
	w.call.failures++
	w.call.mishaps++
	w.forget(method, path)
}

// forget drops the offset of an upload, which is unknown after a failure.
func (w *witness) forget(method, path string) {
	if method != http.MethodPost {
		w.upload(path).known = false
	}
}

// answered updates the state with an answer that is not from tusd.
func (w *witness) answered(req *http.Request, path string, a answer, length int64) {
	c, method := &w.call, req.Method
	w.forget(method, path)
	m := a.to(method, length)
	if w.isUnknown(method, path, a.status, m) {
		return
	}
	if m == strange && w.upload(path).unconfirmed && !w.upload(path).tried {
		c.final = is(client.ErrMisplaced)
		return
	}
	if m == strange && c.joins && c.unheard {
		w.replaced()
		return
	}
	if m == strange {
		if m = again; c.joins {
			m = ending
		}
	}
	switch m {
	case damaged:
		w.withoutTrailer(method, a.status, a.body)
		if c.damaged++; c.damaged > 3 {
			c.final = a.errs
		}
		fallthrough
	case again:
		c.failures++
		c.mishaps++
		if m == again && brokeOff(a.status, a.header) {
			w.mayBeLost(method, path, length)
		}
	case busy:
		c.waited = true
	case resync:
		w.conflict(path)
	case moved:
		if c.moved {
			c.final = a.errs
		}
		c.moved = true
	case limited:
		w.halve(length)
	case ignored:
		c.lacks = w.script.sum.algorithm != ""
	case ending:
		if w.withoutTrailer(method, a.status, a.body) {
			c.failures++
			c.mishaps++
			return
		}
		if a.status == http.StatusUnauthorized {
			w.unauthorized(a.errs)
			return
		}
		if method == http.MethodPost && a.status < http.StatusMultipleChoices {
			w.created(req, "")
			return
		}
		w.end(a.errs, method, path, a.status)
	}
}

// unauthorized ends an upload, unless the token can be renewed.
func (w *witness) unauthorized(errs []error) {
	if w.script.token && !w.call.renewed {
		w.call.renewed = true
		return
	}
	w.call.final = errs
}

// conflict handles a refused offset. The first refusal may be due to an older request,
// and a second one means that another request holds the upload.
func (w *witness) conflict(path string) {
	u := w.upload(path)
	if u.refused {
		w.call.waited = true
		return
	}
	u.refused = true
	w.call.mishaps++
}

// isUnknown reports whether an answer may mean that a new upload is not yet known to all
// servers: a 404, or a page as the answer to HEAD.
func (w *witness) isUnknown(method, path string, status int, m meaning) bool {
	u, c := w.upload(path), &w.call
	switch {
	case method == http.MethodPost, method == http.MethodOptions, u.unknown == 3:
		return false
	case !u.unconfirmed && (m == strange || u.created.IsZero() || time.Since(u.created) >= 10*time.Second):
		return false
	case m == strange:
		if u.tried {
			return false
		}
	case status != http.StatusNotFound, method == http.MethodHead && c.whole && u.unknown == 0:
		return false
	}
	u.unknown++
	return true
}

// refused handles failures without headerAnswer, most of which are from tusd.
func (w *witness) refused(method, path string, resp *http.Response, words string, length int64) {
	c, status := &w.call, resp.StatusCode
	w.forget(method, path)
	switch status {
	case http.StatusNotFound:
		if w.isUnknown(method, path, status, ending) {
			return
		}
		w.end(is(protocol.ErrNotFound), method, path, status)
	case http.StatusConflict:
		w.conflict(path)
	case http.StatusLocked:
		c.waited = true
	case http.StatusUnauthorized:
		w.unauthorized(is(protocol.ErrUnauthorized))
	case http.StatusRequestEntityTooLarge:
		w.halve(length)
		if length <= leastBody {
			c.final = is(protocol.ErrTooLarge)
		}
	case statusDamaged:
		if c.damaged++; c.damaged > 3 {
			c.final = is(protocol.ErrChecksumMismatch)
		}
		fallthrough
	default:
		if strings.HasPrefix(words, "ERR_LOCK_TIMEOUT") {
			c.waited = true
			return
		}
		w.withoutTrailer(method, status, "")
		c.failures++
		c.mishaps++
		if brokeOff(status, resp.Header) {
			w.mayBeLost(method, path, length)
		}
	}
}

// end notes that no request may follow, unless a new upload replaces one that is
// gone. An upload that is gone after its last byte was sent may be complete.
func (w *witness) end(errs []error, method, path string, status int) {
	u, c := w.upload(path), &w.call
	gone := status == http.StatusNotFound || status == http.StatusGone
	// No server that knows the upload has answered.
	misplaced := u.unconfirmed && (method == http.MethodPatch || u.unknown > 0)
	if gone && c.whole && !misplaced && (method != http.MethodPatch || !c.gone) {
		// Something may block PATCH, so HEAD is asked once.
		if c.gone = true; method == http.MethodHead {
			c.final = is(client.ErrUncertain)
		}
		return
	}
	// HEAD has found an upload to which a PATCH is sent.
	blocked := status == http.StatusNotFound && method == http.MethodPatch && !misplaced
	if blocked && !c.gone {
		c.gone = true
		return
	}
	if gone && !blocked && c.replaces && c.created == 0 && method != http.MethodPost {
		c.uncertain = w.whole
		w.replaced()
		return
	}
	c.final = errs
	if misplaced && status == http.StatusNotFound {
		c.final = is(client.ErrMisplaced)
	}
}

// replaced notes that a new upload takes the place of a recorded one.
func (w *witness) replaced() {
	w.call.joins = false
	w.gained(0)
}

// created updates the state with the answer to a creation.
func (w *witness) created(req *http.Request, location string) {
	c, from := &w.call, req.URL
	if c.created++; c.joins || c.created > 1 {
		w.broken("another upload created")
	}
	if location == "" && req.Header.Get(protocol.HeaderUploadLength) == "0" {
		// The answer may be that of a hook. The next creation declares no length, if the
		// server supports that.
		c.created--
		c.hollow = true
		return
	}
	if location == "" {
		c.final = is(protocol.ErrMissingHeader)
		return
	}
	to, err := from.Parse(location)
	if err != nil {
		w.broken("location: %v", err)
		return
	}
	*w.upload(to.Path) = told{known: true, unconfirmed: true, created: time.Now()}
}

// asked updates the state with the answer to HEAD.
func (w *witness) asked(path string, offset int64) {
	u, c := w.upload(path), &w.call
	size := w.script.src.size
	if c.joins {
		c.joins = false
		if !c.disputed {
			// Bytes of an earlier call may still arrive.
			u.reach = size
		}
		if offset <= size {
			c.best = offset
		}
	}
	if offset > u.reach {
		// The length and the offset may also contradict each other.
		c.final = anyLie
	}
	if offset > size {
		c.final = anyLie
	}
	c.back = c.back || w.script.src.stream() && offset < c.best
	w.acknowledged(path, offset)
}

// anyLie has the errors that a wrong offset can cause.
var anyLie = is(client.ErrIntegrity, client.ErrLengthMismatch, protocol.ErrInvalidOffset)

func (w *witness) acknowledged(path string, offset int64) {
	u := w.upload(path)
	w.call.whole = w.call.whole && offset == w.script.src.size
	u.offset, u.known, u.unconfirmed = offset, true, false
	u.most = max(u.most, offset)
	if offset > w.call.best {
		u.refused, u.unknown = false, 0
		w.gained(offset)
	}
}

// gained resets the counts of failures.
func (w *witness) gained(offset int64) {
	c := &w.call
	c.best, c.failures, c.mishaps, c.damaged, c.lost = offset, 0, 0, 0, 0
	c.waited, c.renewed, c.stale, c.moved, c.gone, c.since = false, false, false, false, false, time.Now()
}
