package rufhserver

import (
	"net/http"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// serveUpload serves a request to an upload resource.
func (h *handler) serveUpload(w http.ResponseWriter, r *http.Request, q rufh.Request) {
	t := &transfer{handler: h, w: w, r: r, q: q, path: r.URL.Path}
	u := h.find(r.URL.Path)
	switch {
	case !h.accepts(q.Version):
		t.q.Version = rufh.Newest
		t.refuse(refusal{status: http.StatusBadRequest, text: "the server does not speak this interop version"})
	case u == nil:
		t.refuse(refusal{status: http.StatusNotFound, text: "there is no such upload"})
	case r.Method == http.MethodHead || r.Method == http.MethodGet:
		t.retrieve(u)
	case r.Method == http.MethodPatch:
		t.append(u)
	case r.Method == http.MethodDelete:
		t.cancel(u)
	default:
		w.Header().Set("Allow", "HEAD, GET, PATCH, DELETE")
		t.refuse(refusal{status: http.StatusMethodNotAllowed, text: "the method is not for uploads"})
	}
}

// hasState reports whether the request has fields that are not allowed in HEAD and DELETE up
// to version 6.
func (t *transfer) hasState() bool {
	for _, name := range []string{rufh.HeaderUploadOffset, t.q.Version.HeaderComplete(), rufh.HeaderUploadLength} {
		if t.q.Version <= 6 && t.r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

// retrieve answers with the state of the upload (-13, section 4.3.2).
func (t *transfer) retrieve(u *upload) {
	if t.hasState() {
		t.refuse(refusal{status: http.StatusBadRequest, text: "HEAD has a field about the state"})
		return
	}
	_, now := u.take(nil)
	t.w.Header().Set("Cache-Control", "no-store")
	response := rufh.Response{Offset: now.offset, Length: now.length, Complete: rufh.Incomplete, Limits: t.handler.limits(t.q.Version)}
	if now.complete {
		response.Complete = rufh.Complete
	}
	if t.q.Version < 6 {
		response.Length = protocol.Length{}
	}
	t.handler.respond(t.w, t.q.Version, http.StatusNoContent, response)
}

// cancel removes the upload (-13, section 4.5.2).
func (t *transfer) cancel(u *upload) {
	if t.hasState() {
		t.refuse(refusal{status: http.StatusBadRequest, text: "DELETE has a field about the state"})
		return
	}
	t.handler.remove(t.path)
	u.take(nil)
	t.w.WriteHeader(http.StatusNoContent)
}

// append serves an append (-13, section 4.4.2).
func (t *transfer) append(u *upload) {
	if t.q.Complete == rufh.Unstated && t.q.Version == 3 {
		t.q.Complete = rufh.Complete // the field is optional for the end of the upload
	}
	media := t.q.Version.MediaType()
	switch {
	case media != "" && t.r.Header.Get("Content-Type") != media:
		t.refuse(refusal{status: http.StatusUnsupportedMediaType, text: "the content is not " + media})
		return
	case !isKnown(t.q.Offset):
		t.refuse(refusal{status: http.StatusBadRequest, text: "Upload-Offset is missing or void"})
		return
	case t.q.Complete == rufh.Unstated:
		t.refuse(refusal{status: http.StatusBadRequest, text: t.q.Version.HeaderComplete() + " is missing or void"})
		return
	}
	if refused := t.contentSize(); refused != nil {
		t.refuse(*refused)
		return
	}
	t.receive(u)
}
