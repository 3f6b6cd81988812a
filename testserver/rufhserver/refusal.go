package rufhserver

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// refusal is an error response of the upload resource.
type refusal struct {
	status  int
	text    string
	limits  bool            // announce the limits
	offset  protocol.Length // the server's offset; the zero value: not stated
	problem rufh.Problem    // the zero value: text is the content
}

// inconsistent refuses lengths that contradict each other (-13, section 7.2).
func inconsistent() *refusal {
	return &refusal{
		status: http.StatusBadRequest, text: "inconsistent length values for upload",
		problem: rufh.Problem{Type: rufh.ProblemInconsistentLength},
	}
}

// mismatching refuses an append at another offset than the server's (-13, section 7.1).
func mismatching(expected, provided protocol.Length) refusal {
	return refusal{
		status: http.StatusConflict, text: "offset from request does not match offset of resource", offset: expected,
		problem: rufh.Problem{Type: rufh.ProblemMismatchingOffset, Expected: expected, Provided: provided},
	}
}

// completed refuses content for a complete upload (-11, section "Completed Upload").
func completed(offset protocol.Length) refusal {
	return refusal{
		status: http.StatusBadRequest, text: "upload is already completed", offset: offset,
		problem: rufh.Problem{Type: rufh.ProblemCompletedUpload},
	}
}

// refuse sends a refusal. Problems exist since version 6, and are text before.
func (t *transfer) refuse(f refusal) {
	response := rufh.Response{Offset: f.offset, Complete: rufh.Incomplete}
	if f.limits {
		response.Limits = t.handler.limits(t.q.Version)
	}
	content, media := []byte(f.text+"\n"), "text/plain; charset=utf-8"
	if f.problem.Type != "" && t.q.Version >= 6 {
		f.problem.Title = f.text
		encoded, err := json.Marshal(f.problem)
		if err != nil {
			panic(err)
		}
		content, media = encoded, rufh.ProblemMediaType
	}
	t.w.Header().Set("Content-Type", media)
	t.handler.respond(t.w, t.q.Version, f.status, response)
	if t.r.Method != http.MethodHead {
		_, _ = t.w.Write(content)
	}
}

// contentSize checks the announced size of the content against the limits (-13, section
// 4.1.4).
func (t *transfer) contentSize() *refusal {
	limits, n := t.handler.cfg.Limits, t.r.ContentLength
	switch {
	case t.tooLarge(n):
		return &refusal{status: http.StatusRequestEntityTooLarge, limits: true, text: "the content is larger than max-append-size"}
	case n > 0 && n < limits.MinRequest && t.q.Complete != rufh.Complete:
		return &refusal{status: http.StatusBadRequest, limits: true, text: "the content is smaller than min-append-size"}
	}
	return nil
}

// tooLarge reports whether n bytes are more than one request may have.
func (t *transfer) tooLarge(n int64) bool {
	limit := t.handler.cfg.Limits.MaxRequest
	return limit > 0 && n > limit
}

// drain reads what is left of the content, so that the client sees the response.
func (t *transfer) drain() { _, _ = io.Copy(io.Discard, t.r.Body) }
