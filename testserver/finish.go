package testserver

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/internal/httpmsg"
)

// SlowFinish delays tusd's answer by d after the last bytes of an upload are
// stored, as a server does that moves, scans or transcodes the file first:
// @tus/server with an onUploadFinish hook, or a gateway with a virus scanner.
// The upload is not locked during the delay, and HEAD reports the full offset.
// To keep the upload locked, as tusd does with a pre-finish hook or on S3, use
// [StallAfter] with the length of the body. 0: until the client disconnects or
// the server closes.
//
// SlowFinish applies to requests that complete an upload: a PATCH whose
// Content-Length reaches the end, a creation with all bytes, a creation of an
// empty upload, and a concatenation. A body without Content-Length is not
// recognized.
func SlowFinish(d time.Duration) Action {
	return slowFinish{newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !completes(r) { //nolint:contextcheck // tusd's file store takes no notice of it.
			next.ServeHTTP(w, r)
			return
		}
		held := &heldReply{lostReply: newLostReply(w), status: http.StatusOK}
		next.ServeHTTP(held, r)
		liftDeadlines(w)
		if held.status < http.StatusMultipleChoices && newPacer(r.Context()).wait(d) != nil {
			panic(http.ErrAbortHandler)
		}
		held.send()
	}, "SlowFinish(%v)", d)}
}

type slowFinish struct{ Action }

func (a slowFinish) String() string               { return actionName(a.Action) }
func (slowFinish) appliesTo(r *http.Request) bool { return completes(r) }

// liftDeadlines removes the deadlines that tusd has set for its own reads and
// writes, which would end the connection after Config.NetworkTimeout. A writer
// without deadlines needs no removal, so errors are ignored.
func liftDeadlines(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{})
	_ = c.SetWriteDeadline(time.Time{})
}

// completes reports whether r carries the last bytes of an upload. A
// ContentLength of -1 (unknown) never equals the number of missing bytes.
func completes(r *http.Request) bool {
	length, err := protocol.ParseOffset(r.Header.Get(protocol.HeaderUploadLength))
	declared := err == nil
	switch httpmsg.Method(r) {
	case http.MethodPost:
		concat, err := protocol.ParseConcat(r.Header.Get(protocol.HeaderUploadConcat))
		return err == nil && concat.Kind == protocol.ConcatFinal || declared && length == r.ContentLength
	case http.MethodPatch:
		offset, err := protocol.ParseOffset(r.Header.Get(protocol.HeaderUploadOffset))
		if err != nil {
			return false
		}
		if s := serverOf(r); s != nil && !declared {
			info, err := s.store.info(r.URL.Path)
			length, declared = info.Size, err == nil && !info.SizeIsDeferred
		}
		return declared && offset+r.ContentLength == length
	}
	return false
}

// heldReply keeps an answer until send.
type heldReply struct {
	*lostReply
	status  int
	written bool
	body    bytes.Buffer
}

func (w *heldReply) WriteHeader(status int) {
	w.lostReply.WriteHeader(status)
	if !w.written && status >= http.StatusOK {
		w.written, w.status = true, status
	}
}

func (w *heldReply) Write(p []byte) (int, error) {
	w.written = true
	return w.body.Write(p)
}

func (w *heldReply) send() {
	to := w.ResponseWriter
	maps.Copy(to.Header(), w.header)
	to.WriteHeader(w.status)
	_, _ = io.Copy(to, &w.body)
}
