package client

import (
	"errors"
	"fmt"

	"github.com/tusker-go/tusker/protocol"
)

// refuse makes an error of an answer that was a success by its status.
func (t *transfer) refuse(op protocol.Op, reply *Reply, err error) error {
	return t.c.classified(&Error{Op: op, URL: t.url, StatusCode: reply.StatusCode, Header: reply.Header, Err: err})
}

// doubt marks an upload that is gone after its last byte went: the server may
// have finished it and moved it away.
func (t *transfer) doubt(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || !t.allSent || e.Class() != ClassGone {
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

// interposed has HEAD tried again where a tus server has answered before, and
// somebody else did now.
func (t *transfer) interposed(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || t.joining || e.Class() != ClassFinal || !errors.Is(err, ErrNotTus) {
		return err
	}
	return e.as(ClassTransient)
}

// disputed is how much was sent, where err is that the server claims more.
func (t *transfer) disputed(err error) protocol.Length {
	switch {
	case !errors.Is(err, ErrIntegrity):
		return protocol.Length{}
	case t.joining:
		return t.earlier // still
	}
	return protocol.Known(t.reach)
}
