package integration

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/client"
)

const (
	// leastBody is the smallest size to which the client reduces a body.
	leastBody = 64 * kib

	// fewLost is how many PATCH requests may be lost in a row before the next ones are
	// smaller.
	fewLost = 2
)

// loss is a PATCH that was cut, or was answered by a gateway or a server in trouble.
type loss struct {
	length int64  // length of its body; 0: there is no such PATCH
	path   string // of its upload; "": there is no such PATCH, not even one on a reused connection
	sent   bool   // the network accepted some bytes of the last request
}

// mayBeLost remembers a failed PATCH. Its body may still be read, so settleLoss decides
// when the next request begins. A PATCH of a call that has ended says nothing about the size
// of bodies.
func (w *witness) mayBeLost(method, path string, length int64) {
	if method != http.MethodPatch {
		return
	}
	w.loss.path = path
	if !w.ended() {
		w.loss.length = length
	}
}

// settleLoss counts the PATCH that mayBeLost remembers. A smaller body is tried at once, so
// the failure that leads to it does not count.
func (w *witness) settleLoss() {
	lost, c := w.loss, &w.call
	w.loss = loss{}
	if lost.path != "" && lost.sent {
		w.upload(lost.path).tried = true
	}
	if lost.length == 0 || !lost.sent {
		return
	}
	if c.lost++; c.lost > fewLost && lost.length > leastBody {
		c.failures--
		c.mishaps--
		w.halve(lost.length)
	}
}

// brokeOff reports whether an answer says that a request took too long, or that a server
// failed.
func brokeOff(status int, h http.Header) bool {
	return (status == http.StatusRequestTimeout || status >= http.StatusInternalServerError) && h.Get("Retry-After") == ""
}

// peek returns the beginning of the body of an answer, which can still be read.
func peek(resp *http.Response) string {
	const most = 100
	head, err := io.ReadAll(io.LimitReader(resp.Body, most))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failing{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), resp.Body}
	return string(head)
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// deletes checks a DELETE: only Upload deletes, once, and only if the rest of the source
// is lost.
func (w *witness) deletes() {
	c, src := &w.call, w.script.src
	switch {
	case c.deleted:
		w.broken("DELETE again")
	case c.name != firstCall && !w.script.store:
		w.broken("DELETE of an upload that was only resumed")
	case !src.stream() && src.damage != short && src.damage != long:
		w.broken("DELETE, though a later call can read the source")
	case c.final != nil && oneOf(client.ErrSource, c.final) != "":
		w.broken("DELETE after %s", c.finalAt)
	}
	c.deletes++
	c.deleted, c.final, c.finalAt = true, is(client.ErrSource), "DELETE"
}

// isOpenEnded reports whether the length of the source is certainly unknown when its upload
// is created. The end of a source that fits into its window may have been read by then.
func (s script) isOpenEnded() bool {
	window := s.src.keep
	if window == 0 {
		window = 8 * mib
	}
	return s.src.kind == fromUnknown && s.src.size > max(window, s.chunk)+1
}

// mostUnanswered returns the number of OPTIONS in a row after which the client does not wait
// for an answer any longer if err is the failure of the last one.
func mostUnanswered(err error) int {
	if errors.Is(err, client.ErrStalled) {
		return 1
	}
	return 2
}

// noFeatures updates the state with an answer to OPTIONS. It reports whether the upload
// continues because several answers in a row said only that a gateway or the server failed.
func (w *witness) noFeatures(resp *http.Response, words string) bool {
	const most = 3
	status, h, transient := resp.StatusCode, resp.Header, false
	if marked := h.Get(headerAnswer); marked != "" {
		i, _ := strconv.Atoi(marked)
		m := statuses[i].to(http.MethodOptions, 0)
		transient = m == again && status != http.StatusTooManyRequests && h.Get("Retry-After") == ""
		w.heard = w.heard || m == ignored
	} else {
		transient = brokeOff(status, h) && !strings.HasPrefix(words, "ERR_LOCK_TIMEOUT")
		w.heard = w.heard || status < http.StatusMultipleChoices
	}
	return transient && w.unanswered(most)
}

// unanswered counts an OPTIONS without a useful answer. It reports whether the client does not
// wait for one after this number of failures. The last failure does not count then. A checksum
// needs the answer.
func (w *witness) unanswered(most int) bool {
	if w.silent || w.heard || w.script.src.kind != fromUnknown && !w.call.hollow {
		return false
	}
	w.broke++
	w.silent = w.broke >= most
	if w.silent && !w.script.isOpenEnded() {
		// The end of the source may have been read before OPTIONS. In that case only the
		// checksum needs OPTIONS, and the failure counts.
		w.call.mishaps++
	}
	return w.silent
}
