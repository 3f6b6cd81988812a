package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/protocol"
)

// recentTime is how long after its creation an upload may not be known to every node of the
// server.
const recentTime = 10 * time.Second

func (u *upload) isRecent() bool { return !u.made.IsZero() && time.Since(u.made) < recentTime }

// explain adds to the error of an upload what is unusual about its server: the URL, if no
// server has answered for it, or nodes that contradict each other.
func (u *upload) explain(ctx context.Context, err error) error {
	e, ok := errors.AsType[*failure.Error](err)
	if !ok || u.at.URL == "" || ctx.Err() != nil {
		return err
	}
	if u.Retrier.memory.has(triedOffset) && errors.Is(err, protocol.ErrOffsetMismatch) {
		return fmt.Errorf("%w (PATCH refuses the offset %d, which HEAD named: do the nodes behind a load balancer see different bytes?)", err, u.at.Offset)
	}
	if u.at.Phase == adopting && u.Adopt.Unheard {
		return unheard(e, err, address.Misplaced(u.Endpoint, u.at.URL))
	}
	if !u.at.NewURL {
		return err
	}
	isMisplaced, isForeign := errors.Is(err, failure.ErrMisplaced), isForeign(e)
	if (e.StatusCode != 0 && !isForeign || errors.Is(err, failure.ErrUntrusted)) && !isMisplaced {
		return err // a server has answered, perhaps with an alert of TLS
	}
	why := address.Misplaced(u.Endpoint, u.at.URL)
	switch {
	case why == "":
		return err
	case (isForeign || u.result.Sent == 0) && !isMisplaced:
		return fmt.Errorf("%w: %w (%s)", failure.ErrMisplaced, err, why)
	}
	return fmt.Errorf("%w (%s)", err, why)
}

// isForeign reports whether a refusal may come from a server that does not know the protocol,
// such as one that refuses to change a page. Refused credentials are not such a refusal.
func isForeign(e *failure.Error) bool {
	return e.Unmarked && (e.Class == failure.ClassFinal || e.Class == failure.ClassGone)
}

// unheard returns the error of the first question about an upload of an earlier run that knew
// no answer about it. The URL counts as wrong if the answer is not that of a tus server, or if
// there is no answer and the URL is unusual. Why says what is unusual; "" means nothing. A run
// that was killed would otherwise leave a record that blocks later runs.
func unheard(e *failure.Error, err error, why string) error {
	isPage := e.Class == failure.ClassFinal && errors.Is(err, failure.ErrNotTus)
	switch {
	case !isPage && (e.StatusCode != 0 || why == "" || errors.Is(err, failure.ErrUntrusted)):
		return err
	case why == "":
		return fmt.Errorf("%w: %w", failure.ErrMisplaced, err)
	}
	return fmt.Errorf("%w: %w (%s)", failure.ErrMisplaced, err, why)
}

// isMisplaced reports whether a later run has no use for the URL of an upload that err ended.
func (u *upload) isMisplaced(err error) bool {
	if u.at.Phase == adopting {
		return false // the record stays until there is a new upload
	}
	return errors.Is(err, failure.ErrMisplaced) ||
		u.at.NewURL && u.result.Sent == 0 && u.at.URL != "" && !errors.Is(err, failure.ErrUntrusted) &&
			address.Misplaced(u.Endpoint, u.at.URL) != ""
}
