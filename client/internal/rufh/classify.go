package rufh

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// classes has the class of each meaning that is an error. Others are final.
var classes = map[rufh.Meaning]failure.Class{
	rufh.Gone: failure.ClassGone, rufh.Mismatched: failure.ClassResync, rufh.Locked: failure.ClassLocked,
	rufh.Throttled: failure.ClassThrottled, rufh.Failed: failure.ClassTransient,
}

// classify sets the class of an error that a server answered, and what follows from its text.
// It implements wire.Request.Judge.
func (x *exchange) classify(e *failure.Error, _ http.Header) {
	if problem, err := rufh.ParseProblem(e.Header.Get(protocol.HeaderContentType), []byte(e.Body)); err == nil {
		x.response.Problem = problem
		x.find()
	}
	e.Unmarked = e.StatusCode >= http.StatusBadRequest && !x.isMarked()
	e.Class = x.classOf(e)
	if v := x.otherVersion(); v != 0 && e.Class == failure.ClassFinal && x.verdict.Meaning != rufh.Final {
		e.Err = &failure.VersionError{Server: v.String(), Client: x.dialect.Name(), Err: e.Err}
	}
	e.Blame = x.blame(e)
	switch {
	case x.verdict.Meaning == rufh.Final:
		e.Denial = failure.NewDenial(e, true)
	case x.verdict.Meaning == rufh.Completed && e.StatusCode >= http.StatusBadRequest:
		if x.dialect.Version.HasFinalResponse() {
			e.Err = fmt.Errorf("%w: the upload is complete, and its final response was lost: %w", failure.ErrUncertain, e.Err)
		}
	case !x.dialect.Version.HasFinalResponse() && x.op == protocol.OpPatch && x.complete:
		e.Denial = failure.NewDenial(e, e.Class == failure.ClassFinal && x.verdict.Meaning == rufh.Refused && isVerdict(e.StatusCode))
	}
}

func (x *exchange) classOf(e *failure.Error) failure.Class {
	class, known := classes[x.verdict.Meaning]
	_, wait := e.RetryAfter()
	switch {
	case errors.Is(e.Err, failure.ErrOtherProtocol), x.verdict.Meaning == rufh.Final:
		return failure.ClassFinal
	case errors.Is(e.Err, errNoOffset), errors.Is(e.Err, failure.ErrNoProgress):
		return failure.ClassTransient
	case e.StatusCode == http.StatusUnauthorized:
		return failure.ClassAuth
	case e.StatusCode == http.StatusNotImplemented, e.StatusCode == http.StatusHTTPVersionNotSupported:
		return failure.ClassFinal
	case x.verdict.Meaning == rufh.Failed && wait:
		return failure.ClassThrottled
	case known:
		return class
	case x.verdict.Meaning == rufh.Completed && !x.dialect.Version.HasFinalResponse() && e.StatusCode >= http.StatusBadRequest:
		return failure.ClassResync // HEAD says so, too
	case x.verdict.Meaning == rufh.TooLarge:
		return x.classOfTooLarge()
	// A response to bytes that cannot be read says nothing about what the server stored. HEAD
	// does. An empty append has nothing else to ask about.
	case x.verdict.Meaning == rufh.Malformed && x.op == protocol.OpPatch && x.body.Chunk.Len() > 0:
		return failure.ClassTransient
	case x.verdict.Meaning == rufh.Malformed && x.interim.announced() != "" && errors.Is(e.Err, failure.ErrNotRUFH):
		return failure.ClassTransient
	}
	return failure.ClassFinal
}

// classOfTooLarge tells the limit for one request from that for the whole upload.
func (x *exchange) classOfTooLarge() failure.Class {
	n, known := x.length.Int64()
	if l := x.response.Limits; l != nil && l.MaxUpload > 0 && known && n > l.MaxUpload {
		return failure.ClassFinal
	}
	if x.op == protocol.OpPatch || x.interim.announced() != "" {
		return failure.ClassProxyLimit
	}
	return failure.ClassFinal
}

// blame returns which properties of the request the response may refuse.
func (x *exchange) blame(e *failure.Error) failure.Blame {
	if x.op != protocol.OpCreate || x.body == nil || x.verdict.Meaning == rufh.Final || x.dialect.Plain {
		return failure.BlameNone
	}
	switch e.StatusCode {
	case http.StatusLengthRequired, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return failure.BlameBody
	}
	return failure.BlameNone
}

// otherVersion returns the version that the server names if it is not that of the request, or 0.
func (x *exchange) otherVersion() rufh.Version {
	if v := x.response.Version; v != 0 {
		if v == x.dialect.Version {
			return 0
		}
		return v
	}
	return x.interim.otherVersion()
}

// isMarked reports whether the response has a sign of the protocol.
func (x *exchange) isMarked() bool {
	r := x.response
	_, offset := r.Offset.Int64()
	_, length := r.Length.Int64()
	return r.Version != 0 || r.Complete != rufh.Unstated || offset || length || r.Limits != nil || r.Problem.Type != "" || r.Tus
}

// isVerdict reports whether a status is about the upload as a whole, and not about the request,
// the credentials or a limit.
func isVerdict(status int) bool {
	switch status {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusLengthRequired,
		http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
		http.StatusUnsupportedMediaType, http.StatusExpectationFailed, http.StatusMisdirectedRequest, http.StatusUpgradeRequired,
		http.StatusPreconditionRequired, http.StatusRequestHeaderFieldsTooLarge:
		return false
	}
	return status < http.StatusInternalServerError
}
