package rufh

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// fields are the fields of a request.
type fields interface {
	SetHeader(h protocol.Header) error
}

// exchange is one request, and what its response means.
type exchange struct {
	dialect  *Dialect
	op       protocol.Op
	method   string
	url      string
	fields   fields
	complete bool            // the request completes the upload
	start    int64           // offset of the content
	length   protocol.Length // of the whole upload, as far as it is known
	body     *wire.Body      // nil: none
	slow     bool            // the response may take FinishTimeout
	heard    func(dialect.Answer) error

	interim  interim
	response rufh.Response
	verdict  rufh.Verdict
	final    *dialect.Response // of the target
	isOrphan bool              // there may be an upload whose URL is not known
}

// do sends the request once. Every error is a *failure.Error.
func (x *exchange) do(ctx context.Context) (dialect.Answer, error) {
	r := wire.Request{
		Op: x.op, Method: x.method, URL: x.url, Body: x.body, Slow: x.slow || x.complete && x.body == nil,
		Set: x.fields.SetHeader, Success: x.judge, Judge: x.classify, Parse: x.parse, Consume: x.consume,
	}
	if x.op == protocol.OpCreate || x.op == protocol.OpPatch {
		r.Interim = func(got wire.Interim) wire.News { return x.interim.read(x, got) }
		r.Learned = func() error { return x.interim.learn(x) }
		r.Final = x.isFinal
	}
	got, err := x.dialect.server.Conn.Do(ctx, r, x.dialect.Call)
	answer := dialect.Answer{Response: x.final}
	if x.body != nil {
		answer.Sent, answer.SentAll = x.body.Sent(), x.body.Chunk.Len() == 0 || x.body.SentAll()
		if isStarved(x.body.Chunk, err) {
			x.dialect.server.noProgress()
		}
	}
	if err == nil {
		err = x.take(got, &answer)
	}
	if err != nil {
		// The response cannot be trusted about the upload.
		return dialect.Answer{Sent: answer.Sent, SentAll: answer.SentAll, Response: x.final, Limits: answer.Limits}, err
	}
	return answer, nil
}

// judge finds what the final response means. The error is why it is no success. It
// implements wire.Request.Success.
func (x *exchange) judge(op protocol.Op, status int, h http.Header) error {
	x.response = x.dialect.Version.ParseResponse(status, h)
	x.find()
	switch m := x.verdict.Meaning; {
	case m == rufh.OtherProtocol:
		return failure.ErrOtherProtocol
	case m == rufh.Final, x.isPlain():
		return nil
	case x.response.Contradiction != nil:
		return fmt.Errorf("%w: %w", failure.ErrLimits, x.response.Contradiction)
	case m == rufh.Relocated:
		return failure.ErrRelocated
	case m == rufh.Malformed, m == rufh.Ordinary && op == protocol.OpCreate:
		x.isOrphan = op == protocol.OpCreate && m == rufh.Malformed
		if x.response.Complete == rufh.Incomplete && x.complete {
			return failure.ErrIncomplete
		}
		return failure.ErrNotRUFH
	}
	return protocol.StatusError(op, status)
}

// isPlain reports whether the response is that to an ordinary request, which nothing made
// resumable.
func (x *exchange) isPlain() bool {
	return x.dialect.Plain && x.op == protocol.OpCreate && x.interim.announced() == "" && !x.isMarked()
}

// hasFinal reports whether the response is the final one of the target.
func (x *exchange) hasFinal() bool {
	isOrdinary := x.verdict.Meaning == rufh.Final || x.verdict.Meaning == rufh.Ordinary
	return (x.op == protocol.OpCreate || x.op == protocol.OpPatch) && isOrdinary || x.isPlain()
}

// find sets the verdict.
func (x *exchange) find() {
	if x.op == protocol.OpCreate {
		x.response.Location = x.interim.known(x.response.Location)
	}
	x.verdict = x.verdictOf(x.response)
}

func (x *exchange) verdictOf(r rufh.Response) rufh.Verdict {
	return rufh.Judge(rufh.Exchange{
		Version: x.dialect.Version, Op: x.op, Complete: x.complete, End: endOf(x.start, x.body), Location: x.interim.announced(),
	}, r)
}

// isFinal reports whether a redirect answers the request, so that its bytes are not sent again: it
// is the final response of the target, or the creation has announced an upload, which has the
// bytes. It implements wire.Request.Final.
func (x *exchange) isFinal(status int, h http.Header) bool {
	return x.interim.announced() != "" || x.verdictOf(x.dialect.Version.ParseResponse(status, h)).Meaning == rufh.Final
}

// parse implements wire.Request.Parse.
func (x *exchange) parse(http.Header) (location string, offset int64, err error) {
	offset, _ = x.verdict.Offset.Int64()
	isUpload := x.verdict.Meaning != rufh.Final && x.verdict.Meaning != rufh.Ordinary || !x.dialect.Version.HasFinalResponse()
	if x.op == protocol.OpCreate && isUpload && x.response.Location != "" {
		return x.response.Location, offset, nil
	}
	return "", offset, nil
}

// consume keeps the final response of the target. It implements wire.Request.Consume.
func (x *exchange) consume(a *wire.Answer) error {
	if !x.hasFinal() {
		a.Body.Drain()
		return nil
	}
	x.final = &dialect.Response{StatusCode: a.StatusCode, Header: a.Header}
	body, err := io.ReadAll(io.LimitReader(a.Body, dialect.MaxResponseBody+1))
	x.final.Truncated = err != nil || len(body) > dialect.MaxResponseBody
	x.final.Body = body[:min(len(body), dialect.MaxResponseBody)]
	return nil //nolint:nilerr // The status and the header are a response already.
}
