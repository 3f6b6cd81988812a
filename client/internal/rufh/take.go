package rufh

import (
	"errors"
	"net/http"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// errNoOffset means that a response does not say how much the server has.
var errNoOffset = errors.New("the response does not say how much the server has")

// take fills in an answer from a response that is a success, or from the final response of the
// target, which may be an error. It returns why the response is none after all.
func (x *exchange) take(got *wire.Answer, a *dialect.Answer) error {
	a.URL, a.Next, a.Header, a.Refuse = got.URL, got.Next, got.Header, got.Refuse
	if x.op == protocol.OpCreate && a.URL == x.url {
		a.URL = "" // the answer names no upload
	}
	if announced := x.interim.announced(); x.op == protocol.OpCreate && announced != "" {
		// A Doer that does not tell its redirects made the URL of the 104 relative to the first
		// host.
		url, err := got.Resolve(announced)
		if err != nil {
			return got.Refuse(err)
		}
		a.URL, a.Next = url, url
	}
	if x.response.Limits != nil {
		a.Limits = *x.response.Limits
		if x.op == protocol.OpCreate || x.op == protocol.OpOptions {
			x.dialect.server.Hear(a.Limits)
		}
	}
	a.Offset, a.Length = x.verdict.Offset, x.response.Length
	if x.hasFinal() {
		return x.takeFinal(got, a)
	}
	switch x.verdict.Meaning {
	case rufh.Completed:
		return x.takeCompleted(got, a)
	case rufh.Partial:
		return x.takePartial(got, a)
	case rufh.Created:
		if a.URL == "" {
			x.isOrphan = true
			return got.Refuse(failure.ErrNotRUFH)
		}
	}
	return nil
}

// takeFinal takes the final response of the target.
func (x *exchange) takeFinal(got *wire.Answer, a *dialect.Answer) error {
	text := string(x.final.Body[:min(len(x.final.Body), 4<<10)])
	if got.StatusCode >= http.StatusBadRequest {
		return got.RefuseText(text, protocol.StatusError(x.op, got.StatusCode))
	}
	end := endOf(x.start, x.body)
	if _, all := end.Int64(); !all {
		return got.RefuseText("", failure.ErrEarly)
	}
	a.Complete, a.Offset, a.Length = true, end, end
	if a.URL == "" {
		a.URL = x.resource(got)
		a.Next = a.URL
	}
	return nil
}

// resource returns the URL of the resource that a creation made, or else that of the creation.
func (x *exchange) resource(got *wire.Answer) string {
	if location := x.response.Location; location != "" {
		if url, err := got.Resolve(location); err == nil {
			return url
		}
	}
	return x.url
}

// takeCompleted takes the state of a complete upload. Up to version 6, nothing more is to
// come. Since version 7, the final response of the target is missing, and the server may repeat
// it to an append without bytes.
func (x *exchange) takeCompleted(got *wire.Answer, a *dialect.Answer) error {
	if _, ok := a.Offset.Int64(); !ok {
		a.Offset = a.Length
	}
	if _, ok := a.Offset.Int64(); !ok {
		return got.Refuse(failure.ErrNotRUFH)
	}
	a.Length = a.Offset
	a.Complete = !x.dialect.Version.HasFinalResponse()
	return nil
}

// takePartial takes a success after which the server lacks bytes, or has not completed the
// upload.
func (x *exchange) takePartial(got *wire.Answer, a *dialect.Answer) error {
	_, said := a.Offset.Int64()
	switch {
	case x.complete && x.op == protocol.OpPatch && x.body.Chunk.Len() == 0:
		return got.Refuse(failure.ErrIncomplete)
	case x.op == protocol.OpCreate && a.URL == "":
		x.isOrphan = true
		return got.Refuse(failure.ErrNotRUFH)
	case x.op == protocol.OpPatch && !said:
		return got.Refuse(errNoOffset)
	}
	return nil
}
