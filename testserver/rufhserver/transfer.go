package rufhserver

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// transfer is one request to a target or an upload.
type transfer struct {
	handler  *handler
	w        http.ResponseWriter
	r        *http.Request
	q        rufh.Request
	path     string // of the upload
	location string // URL of the upload of a creation; "": the request is not a creation
}

// receive appends the content to u, and answers.
func (t *transfer) receive(u *upload) {
	var superseded atomic.Bool
	// The deadline ends a read that waits for the client.
	holder, now := u.take(func() {
		superseded.Store(true)
		_ = http.NewResponseController(t.w).SetReadDeadline(time.Now())
	})
	defer u.release(holder)
	if t.location == "" {
		if refused := t.position(u, now); refused != nil {
			t.refuse(*refused)
			return
		}
	}
	if !now.complete && !t.store(u, holder, now.offset) {
		return
	}
	u.release(holder)
	if superseded.Load() {
		panic(http.ErrAbortHandler)
	}
	t.acknowledge(u, holder)
}

// position checks the offset and the length of an append.
func (t *transfer) position(u *upload, now state) *refusal {
	switch {
	case t.q.Offset != now.offset:
		refused := mismatching(now.offset, t.q.Offset)
		return &refused
	case now.complete && (t.r.ContentLength != 0 || t.q.Complete != rufh.Complete):
		refused := completed(now.offset)
		return &refused
	case now.complete:
		return nil
	}
	lengths := []protocol.Length{t.q.Length}
	if start, _ := now.offset.Int64(); t.q.Complete == rufh.Complete && t.r.ContentLength >= 0 {
		lengths = append(lengths, protocol.Known(start+t.r.ContentLength))
	}
	for _, length := range lengths {
		if !u.declare(length) {
			return inconsistent()
		}
	}
	return nil
}

// store appends the content, and reports whether the request can be acknowledged. If not, it
// has answered. A request that breaks off ends without a response, and what arrived is kept.
func (t *transfer) store(u *upload, holder int, start protocol.Length) bool {
	offset, _ := start.Int64()
	first, told := offset, announcement{offset, time.Now()}
	buf := make([]byte, 32<<10)
	for {
		n, err := t.r.Body.Read(buf)
		if t.tooLarge(offset - first + int64(n)) {
			t.drain()
			t.refuse(refusal{status: http.StatusRequestEntityTooLarge, limits: true, text: "the content is larger than max-append-size"})
			return false
		}
		at, appendErr := u.append(holder, buf[:n])
		switch {
		case errors.Is(appendErr, errSuperseded):
			panic(http.ErrAbortHandler)
		case appendErr != nil:
			t.overflow()
			return false
		}
		offset = at
		if t.isDue(told, offset) {
			told = announcement{offset, time.Now()}
			t.interim(rufh.Response{Offset: protocol.Known(offset)})
		}
		var early *earlyError
		switch {
		case err == io.EOF:
			return t.end(u, offset)
		case errors.As(err, &early):
			t.complete(u, holder, func([]byte) *final { return early.answer() })
			return false
		case err != nil:
			panic(http.ErrAbortHandler)
		}
	}
}

// announcement is an offset that the client knows, and when it was sent.
type announcement struct {
	offset int64
	at     time.Time
}

// isDue reports whether the client is told a new offset.
func (t *transfer) isDue(last announcement, offset int64) bool {
	bytes, interval := t.handler.cfg.Progress, t.handler.cfg.Interval
	if t.q.Version < 5 || offset == last.offset {
		return false
	}
	return bytes > 0 && offset-last.offset >= bytes || interval > 0 && time.Since(last.at) >= interval
}

// overflow refuses content beyond the length. Since version 7 the upload becomes invalid
// (-13, section 4.4.2).
func (t *transfer) overflow() {
	t.drain()
	if t.q.Version >= 7 {
		t.handler.remove(t.path)
	}
	t.refuse(*inconsistent())
}

// end checks the length at the end of content that completes the upload.
func (t *transfer) end(u *upload, offset int64) bool {
	if t.q.Complete == rufh.Complete && !u.declare(protocol.Known(offset)) {
		refused := *inconsistent()
		refused.offset = protocol.Known(offset)
		t.refuse(refused)
		return false
	}
	return true
}

// acknowledge answers a request whose content is stored. A complete upload gets the
// response of the target, also again (-13, section 4.4.2).
func (t *transfer) acknowledge(u *upload, holder int) {
	if t.q.Complete == rufh.Complete {
		t.complete(u, holder, func(content []byte) *final { return t.target(u, content) })
		return
	}
	response, status := rufh.Response{Location: t.location, Complete: rufh.Incomplete}, http.StatusNoContent
	if t.location != "" {
		status, response.Limits = http.StatusCreated, t.handler.limits(t.q.Version)
	}
	if t.q.Version <= 6 {
		status, response.Offset = http.StatusCreated, u.state().offset
	}
	t.handler.respond(t.w, t.q.Version, status, response)
}

// complete completes the upload with the result of respond, and sends it.
func (t *transfer) complete(u *upload, holder int, respond func(content []byte) *final) {
	answer, err := u.complete(holder, respond)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	t.finish(answer(), u.state().offset)
}

// target returns the response of the target to the whole representation.
func (t *transfer) target(u *upload, content []byte) *final {
	r := u.creation.Clone(t.r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
	f := &final{header: http.Header{}}
	t.handler.cfg.Target.ServeHTTP(f, r)
	f.WriteHeader(http.StatusOK)
	return f
}

// finish sends the response of the target. Up to version 6 it has Upload-Offset and the URL
// of the upload, and since version 7 Upload-Complete.
func (t *transfer) finish(answer *final, offset protocol.Length) {
	maps.Copy(t.w.Header(), answer.header.Clone())
	response := rufh.Response{Complete: rufh.Complete}
	if t.q.Version <= 6 {
		response = rufh.Response{Offset: offset}
		if answer.header.Get("Location") == "" {
			response.Location = t.location
		}
	}
	t.handler.respond(t.w, t.q.Version, answer.status, response)
	_, _ = t.w.Write(answer.body.Bytes())
}

// interim sends a 104. Its fields are not part of the final response.
func (t *transfer) interim(r rufh.Response) {
	r.Version = t.q.Version
	before := t.w.Header().Clone()
	t.handler.respond(t.w, t.q.Version, rufh.StatusResumptionSupported, r)
	clear(t.w.Header())
	maps.Copy(t.w.Header(), before)
}
