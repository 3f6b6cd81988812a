package client

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tusker-go/tusker/protocol"
)

// refuse makes an error of an answer that was a success by its status.
func (t *transfer) refuse(op protocol.Op, reply *Reply, err error) error {
	return t.c.classified(&Error{Op: op, URL: t.url, StatusCode: reply.StatusCode, Header: reply.Header, Err: err})
}

// doubt marks an upload that is gone after its last byte went: the server may
// have finished it and moved it away. A server that refused the upload has deleted
// it.
func (t *transfer) doubt(err error) error {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok || e.Class() != ClassGone:
		return err
	case t.denial.Refused:
		return t.denial.refusal(t.url)
	case !t.allSent:
		return err
	}
	uncertain := *e
	uncertain.Err = fmt.Errorf("%w: %w", ErrUncertain, e.Err)
	return &uncertain
}

// declaring has HEAD asked, once, where the server refused to be told the length:
// an older request, held up on its way, may have told it meanwhile.
func (t *transfer) declaring(patch protocol.Patch, err error) error {
	e, ok := errors.AsType[*Error](err)
	if _, declares := patch.Length.Int64(); !ok || !declares || t.redeclared || !isLengthRefused(e) {
		return err
	}
	t.redeclared = true
	return e.as(ClassResync)
}

// elsewhere has HEAD asked where the upload is, when what a redirect for one request
// had led to refuses the next one: it may be the place no longer. That the upload is
// gone is for HEAD to say; any other refusal stands when it comes again.
func (t *transfer) elsewhere(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || t.at == t.url || e.StatusCode == 0 {
		return err
	}
	switch class := e.Class(); {
	case class == ClassGone:
	case t.astray, !t.mayRetry(err), class == ClassAuth && e.renewable && !t.renewed:
		return err
	case class == ClassFinal, class == ClassAuth:
		t.astray = true
	default:
		return err
	}
	return e.as(ClassTransient)
}

// interposed has HEAD tried again where a tus server has answered before, and
// somebody else did now.
func (t *transfer) interposed(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || t.joining || e.Class() != ClassFinal || !errors.Is(err, ErrNotTus) {
		return err
	}
	return e.as(ClassTransient)
}

// mayBeComplete tells whether a run that err ended left an upload of which the
// server may have all: the last byte had gone, and nobody waited for what the
// server makes of it. Where the connection was lost, so was most likely what the
// system held for it, and where the server answered, it has said so.
func (t *transfer) mayBeComplete(ctx context.Context, err error) bool {
	if errors.Is(err, ErrUncertain) {
		return true
	}
	e, _ := errors.AsType[*Error](err)
	return t.allSent && (ctx.Err() != nil || errors.Is(err, ErrStalled) || e != nil && e.StatusCode != 0 && e.AnswerLost() ||
		errors.Is(err, protocol.ErrNotFound) || errors.Is(err, protocol.ErrGone)) // see elsewhere
}

// disputed is how much was sent, where err is that the server claims more.
func (t *transfer) disputed(err error) protocol.Length {
	switch {
	case !errors.Is(err, ErrIntegrity), errors.Is(err, ErrPart):
		return protocol.Length{} // that of another part ends this one too
	case t.joining:
		return t.earlier // still
	case t.reach == math.MaxInt64:
		return protocol.Length{}
	}
	return protocol.Known(t.reach)
}
