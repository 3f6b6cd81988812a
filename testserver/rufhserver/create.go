package rufhserver

import (
	"context"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// create serves a creation (-13, section 4.2.2).
func (h *handler) create(w http.ResponseWriter, r *http.Request, q rufh.Request) {
	t := &transfer{handler: h, w: w, r: r, q: q}
	length, refused := t.creationLength()
	if refused != nil {
		t.refuse(*refused)
		return
	}
	if n, known := length.Int64(); q.Complete == rufh.Complete && (!known || n < h.cfg.Limits.MinUpload) && h.cfg.Limits.MinUpload > 0 {
		// The upload is too small to be resumable (-13, section 4.1.4).
		h.cfg.Target.ServeHTTP(w, r)
		return
	}
	u := &upload{creation: withoutBody(r), length: length}
	t.path = h.add(u)
	t.location = absolute(r, t.path)
	t.announce()
	t.receive(u)
}

// creationLength returns the length that a creation declares, or why it is refused.
func (t *transfer) creationLength() (protocol.Length, *refusal) {
	if t.q.Version <= 6 && t.r.Header.Get(rufh.HeaderUploadOffset) != "" {
		return protocol.Length{}, &refusal{status: http.StatusBadRequest, text: "a creation has no Upload-Offset"}
	}
	length := t.q.Length
	if t.q.Complete == rufh.Complete && t.r.ContentLength >= 0 {
		content := protocol.Known(t.r.ContentLength)
		if isKnown(length) && length != content {
			return length, inconsistent()
		}
		length = content
	}
	limits := t.handler.cfg.Limits
	if n, known := length.Int64(); known {
		switch {
		case limits.MaxUpload > 0 && n > limits.MaxUpload:
			return length, &refusal{status: http.StatusRequestEntityTooLarge, limits: true, text: "the upload is larger than max-size"}
		case t.q.Complete == rufh.Incomplete && n < limits.MinUpload:
			return length, &refusal{status: http.StatusBadRequest, limits: true, text: "the upload is smaller than min-size"}
		}
	}
	return length, t.contentSize()
}

// announce sends the 104 with the URL of the upload. A client that does not wait for it
// can lose it with the connection.
func (t *transfer) announce() {
	t.interim(rufh.Response{Location: t.location, Limits: t.handler.limits(t.q.Version)})
}

// withoutBody returns a copy of the creation to repeat for the target.
func withoutBody(r *http.Request) *http.Request {
	c := r.Clone(context.WithoutCancel(r.Context()))
	c.Body, c.ContentLength, c.TransferEncoding = http.NoBody, 0, nil
	return c
}

// absolute returns the URL of a path on the host that the client asked.
func absolute(r *http.Request, path string) string {
	if r.TLS != nil {
		return "https://" + r.Host + path
	}
	return "http://" + r.Host + path
}
