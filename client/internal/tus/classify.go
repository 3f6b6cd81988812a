package tus

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
)

// codeLengthRefused is tusd's code for an Upload-Length that it does not accept, also
// because it knows the length already.
const codeLengthRefused = "ERR_INVALID_UPLOAD_LENGTH"

// classByCode takes precedence over the status: some servers answer 400 although a
// retry is all that is needed.
var classByCode = map[string]failure.Class{
	"ERR_UPLOAD_INTERRUPTED":   failure.ClassTransient,
	"ERR_UNEXPECTED_EOF":       failure.ClassTransient,
	"ERR_READ_TIMEOUT":         failure.ClassTransient,
	"ERR_CONNECTION_RESET":     failure.ClassTransient,
	"ERR_SERVER_SHUTDOWN":      failure.ClassTransient,
	"ERR_LOCK_TIMEOUT":         failure.ClassLocked,
	"ERR_UPLOAD_LOCKED":        failure.ClassLocked,
	"ERR_MISMATCHED_OFFSET":    failure.ClassResync,
	"ERR_UPLOAD_NOT_FOUND":     failure.ClassGone,
	"ERR_UPLOAD_STOPPED":       failure.ClassFinal,
	"ERR_UPLOAD_REJECTED":      failure.ClassFinal,
	"ERR_MAX_SIZE_EXCEEDED":    failure.ClassFinal,
	"ERR_UPLOAD_SIZE_EXCEEDED": failure.ClassFinal,
}

// classByError gives the class that the status means, in this order.
var classByError = []struct {
	err   error
	class failure.Class
}{
	{failure.ErrRedirected, failure.ClassFinal},
	{failure.ErrOtherServer, failure.ClassTransient},
	{protocol.ErrUnauthorized, failure.ClassAuth},
	{protocol.ErrForbidden, failure.ClassFinal},
	{protocol.ErrNotFound, failure.ClassGone},
	{protocol.ErrGone, failure.ClassGone},
	{protocol.ErrOffsetMismatch, failure.ClassResync},
	{protocol.ErrChecksumMismatch, failure.ClassIntegrity},
	{protocol.ErrLocked, failure.ClassLocked},
	{protocol.ErrTooManyRequests, failure.ClassThrottled},
	{protocol.ErrTimeout, failure.ClassTransient},
	{protocol.ErrTooEarly, failure.ClassTransient},
	{protocol.ErrNotImplemented, failure.ClassFinal},
}

// Judge sets the code, the class, the blame and the other meanings of an error that a server
// answered. The code in the body takes precedence over its text, and both over the status. sent
// is the header of the request.
func Judge(e *failure.Error, sent http.Header) {
	e.Code = errorCode(e.Body)
	if e.StatusCode == http.StatusExpectationFailed && len(sent[protocol.HeaderUploadChecksum]) > 0 {
		e.Err = fmt.Errorf("%w: %w", protocol.ErrChecksumMismatch, e.Err) // rustus answers a wrong checksum with 417
	}
	e.Class = classify(e)
	e.Blame = blame(e, sent)
	_, mark := SentBy(e.Header)
	e.Unmarked = mark == "" && e.StatusCode >= http.StatusBadRequest
	if e.Op == protocol.OpPatch && mark != "" {
		e.Denial = failure.NewDenial(e, isVerdict(e))
	}
}

// isVerdict reports whether an answer to the last bytes of an upload is about the upload as
// a whole. A status about the request, the credentials or a limit is not: the upload may be
// good.
func isVerdict(e *failure.Error) bool {
	if e.Class != failure.ClassFinal || e.Blame != failure.BlameNone {
		return false
	}
	switch e.Code {
	case "ERR_UPLOAD_REJECTED", "ERR_UPLOAD_STOPPED":
		return true
	}
	switch e.StatusCode {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusLengthRequired,
		http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
		http.StatusExpectationFailed, http.StatusMisdirectedRequest, http.StatusUpgradeRequired,
		http.StatusPreconditionRequired, http.StatusRequestHeaderFieldsTooLarge:
		return false
	}
	return e.StatusCode < http.StatusInternalServerError
}

func classify(e *failure.Error) failure.Class {
	if c, ok := classByCode[e.Code]; ok {
		return c
	}
	if c, ok := classifyText(e); ok {
		return c
	}
	for _, row := range classByError {
		if errors.Is(e.Err, row.err) {
			return row.class
		}
	}
	switch {
	case e.StatusCode == http.StatusHTTPVersionNotSupported:
		return failure.ClassFinal
	// HEAD names no offset that could be wrong, and its answer has no text that could mention
	// a lock.
	case e.Op == protocol.OpHead && errors.Is(e.Err, protocol.ErrConflict):
		return failure.ClassLocked
	case e.Op == protocol.OpPatch && errors.Is(e.Err, protocol.ErrTooLarge) && e.Header.Get(protocol.HeaderResumable) == "":
		return failure.ClassProxyLimit
	case errors.Is(e.Err, protocol.ErrServer) && asksToWait(e):
		return failure.ClassThrottled
	case errors.Is(e.Err, protocol.ErrServer):
		return failure.ClassTransient
	// An answer to PATCH that cannot be read, or that is a success of another kind,
	// says nothing about what the server stored. HEAD does.
	case e.Op == protocol.OpPatch && (isMalformed(e.Err) || isSuccess(e.StatusCode) || errors.Is(e.Err, failure.ErrNoProgress)):
		return failure.ClassTransient
	}
	return failure.ClassFinal
}

// blame returns which properties of the request the answer may refuse.
func blame(e *failure.Error, sent http.Header) failure.Blame {
	switch e.Op {
	case protocol.OpPatch:
		if isLengthRefused(e) && len(sent[protocol.HeaderUploadLength]) > 0 {
			return failure.BlameLength
		}
	case protocol.OpCreate:
		if isSuccess(e.StatusCode) && completes(sent) && e.Header.Get("Location") == "" && errors.Is(e, protocol.ErrMissingHeader) {
			return failure.BlameCompletion
		}
		switch e.StatusCode {
		case http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusExpectationFailed, http.StatusNotImplemented:
			return failure.BlameBody
		}
	}
	return failure.BlameNone
}

// completes reports whether a creation may complete its upload: it carries bytes, or there are
// none. A hook of the server may then replace the answer by one of its own.
func completes(sent http.Header) bool {
	return sent.Get("Content-Type") != "" || sent.Get(protocol.HeaderUploadLength) == "0"
}

func isLengthRefused(e *failure.Error) bool {
	return e.Op == protocol.OpPatch && e.StatusCode == http.StatusBadRequest && e.Code == codeLengthRefused
}

// isTrailerRefused reports whether an answer may refuse the trailer of a request. An
// error code of the server for something else does not.
func isTrailerRefused(e *failure.Error) bool {
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusLengthRequired, http.StatusNotImplemented,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		_, other := classByCode[e.Code]
		return !other && !isLengthRefused(e)
	}
	return false
}

func isSuccess(status int) bool { return status/100 == 2 }

func isMalformed(err error) bool {
	return errors.Is(err, protocol.ErrMissingHeader) ||
		errors.Is(err, protocol.ErrInvalidHeader) ||
		errors.Is(err, protocol.ErrInvalidOffset) ||
		errors.Is(err, protocol.ErrOffsetBack) ||
		errors.Is(err, protocol.ErrOffsetBeyond)
}

// mayHaveCreated reports whether a creation that failed may have made an upload
// anyway. The request may have arrived although no answer, or no Location, was received.
func mayHaveCreated(e *failure.Error) bool {
	if errors.Is(e, failure.ErrRedirected) {
		return false
	}
	return e.AnswerLost || e.StatusCode != 0 && protocol.StatusError(e.Op, e.StatusCode) == nil
}

// errorCode finds the code in a body of the form "ERR_CODE: text".
func errorCode(body string) string {
	code, _, _ := strings.Cut(body, ":")
	code = strings.TrimSpace(code)
	if !strings.HasPrefix(code, "ERR_") || strings.ContainsFunc(code, func(r rune) bool {
		return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		return ""
	}
	return code
}
