package testserver

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// SlowFinish lets tusd store the last bytes of an upload and then keeps its
// answer back for d, as a server does that moves, scans or transcodes what has
// arrived: @tus/server with an onUploadFinish hook, a gateway with a virus
// scanner. Meanwhile the upload is not locked, and HEAD names its end;
// [StallAfter] at the last byte keeps it locked, as tusd does with a
// pre-finish hook or on S3. 0: until the client goes away or the server
// closes.
//
// It is for requests that complete an upload: a PATCH whose announced length
// reaches the end, a creation that carries everything, or nothing of nothing,
// and a concatenation. A body of unannounced length is not recognised.
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

func (a slowFinish) String() string           { return actionName(a.Action) }
func (slowFinish) wants(r *http.Request) bool { return completes(r) }

// liftDeadlines takes off those that tusd has set for its own reading and
// writing, and which would end the connection after Config.NetworkTimeout. What
// knows no deadlines has none to take off.
func liftDeadlines(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{})
	_ = c.SetWriteDeadline(time.Time{})
}

// completes tells whether r is to bring the last bytes of an upload. A length
// of -1, which is not known, is never that of what is missing.
func completes(r *http.Request) bool {
	length, err := protocol.ParseOffset(r.Header.Get(protocol.HeaderUploadLength))
	declared := err == nil
	switch method(r) {
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

// heldReply keeps an answer until it is sent.
type heldReply struct {
	*lostReply
	status  int
	written bool
	body    bytes.Buffer
}

func (w *heldReply) WriteHeader(status int) {
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
