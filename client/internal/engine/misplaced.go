package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/protocol"
)

// recentTime is how long after its creation an upload may not be known to every node of the
// server.
const recentTime = 10 * time.Second

// reply is what answered the last request to the URL of an upload.
type reply uint8

const (
	replyServer   reply = iota // a server that may know the upload, or one that failed in TLS
	replyNone                  // nothing did, or there was no request
	replyRefusal               // a final error without a sign of the protocol
	replyPage                  // a success without a sign of the protocol
	replyStranger              // servers that do not know the upload, as decide has found
)

// verdict is what an error says about the URL of its upload.
type verdict uint8

const (
	urlStays   verdict = iota // nothing
	urlUnusual                // the error names what is unusual about the URL
	urlWrong                  // the error is failure.ErrMisplaced, and no later run uses the URL
)

// judgeURL returns what an error says about the URL of its upload. A URL is unusual if it is on
// another origin than the endpoint, or not below it.
func judgeURL(t trust, r reply, unusual bool) verdict {
	switch {
	case !t.isOpen(), r == replyServer:
		return urlStays
	case r == replyStranger, t == urlNew && (r == replyPage || unusual):
		return urlWrong
	case unusual:
		return urlUnusual
	}
	return urlStays
}

// replyOf returns what the failure err says about the last request.
func replyOf(err error) reply {
	e, ok := errors.AsType[*failure.Error](err)
	switch {
	case errors.Is(err, failure.ErrMisplaced):
		return replyStranger
	case errors.Is(err, failure.ErrUntrusted):
		return replyServer
	case !ok || e.StatusCode == 0:
		return replyNone
	case e.Class == failure.ClassFinal && errors.Is(err, failure.ErrNotTus):
		return replyPage
	case e.Unmarked && (e.Class == failure.ClassFinal || e.Class == failure.ClassGone):
		return replyRefusal
	}
	return replyServer
}

// judge returns what the error that ended the upload says about its URL.
func (u *upload) judge(err error) verdict {
	t := u.at.Trust
	if u.at.Phase == adopting && u.Adopt.Unheard {
		t = urlNew // the run that created the upload may have been killed before an answer
	}
	if e, ok := errors.AsType[*failure.Error](err); u.at.URL == "" || ok && e.Op == protocol.OpCreate {
		return urlStays // no request went to the URL
	}
	return judgeURL(t, replyOf(err), u.unusual() != "")
}

// unusual returns in words what may be wrong with the URL of the upload, or "".
func (u *upload) unusual() string {
	if !u.Dialect.Supports(dialect.Nesting) {
		return ""
	}
	return address.Misplaced(u.Endpoint, u.at.URL)
}

// explain adds to the error of an upload what is unusual about its server: the URL, or nodes
// that contradict each other.
func (u *upload) explain(ctx context.Context, err error) error {
	e, ok := errors.AsType[*failure.Error](err)
	if !ok || ctx.Err() != nil {
		return err
	}
	if isBlocked(e) && u.Retrier.memory.has(triedGone) {
		return fmt.Errorf("%w: %w (do the nodes behind a load balancer share their uploads, or does a firewall block PATCH?)", failure.ErrPatchBlocked, err)
	}
	if u.Retrier.memory.has(triedOffset) && errors.Is(err, protocol.ErrOffsetMismatch) {
		return fmt.Errorf("%w (PATCH refuses the offset %d, which HEAD named: do the nodes behind a load balancer see different bytes?)", err, u.at.Offset)
	}
	found := u.judge(err)
	if found == urlWrong && !errors.Is(err, failure.ErrMisplaced) {
		err = fmt.Errorf("%w: %w", failure.ErrMisplaced, err)
	}
	if why := u.unusual(); found != urlStays && why != "" {
		return fmt.Errorf("%w (%s)", err, why)
	}
	return err
}

// isBlocked reports whether e is a 404 to a PATCH. The upload was there when HEAD asked before, so
// it need not be gone.
func isBlocked(e *failure.Error) bool {
	return e.Op == protocol.OpPatch && e.Class == failure.ClassGone && errors.Is(e, protocol.ErrNotFound)
}

// distrust changes how certain it is that the upload is at its URL, after the failure err.
func (u *upload) distrust(err error) {
	e, ok := errors.AsType[*failure.Error](err)
	switch {
	case u.at.Trust == urlNew:
		if ok && u.at.Phase == appending && e.Class == failure.ClassTransient && dropsBody(e, u.at) {
			u.at.Trust = urlTried
		}
	case u.at.Trust != urlTried && !u.made.IsZero():
		u.at.Trust = urlAnswered
		if time.Since(u.made) < recentTime {
			u.at.Trust = urlRecent
		}
	}
}
