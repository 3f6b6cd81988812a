package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
)

// explain adds to the error of an upload for whose URL no server has answered what is
// unusual about that URL.
func (u *upload) explain(ctx context.Context, err error) error {
	e, ok := errors.AsType[*failure.Error](err)
	if !ok || !u.at.NewURL || u.at.URL == "" || ctx.Err() != nil {
		return err
	}
	isMisplaced := errors.Is(err, failure.ErrMisplaced)
	if (e.StatusCode != 0 || errors.Is(err, failure.ErrUntrusted)) && !isMisplaced {
		return err // a server has answered, perhaps with an alert of TLS
	}
	why := address.Misplaced(u.Endpoint, u.at.URL)
	switch {
	case why == "":
		return err
	case u.result.Sent == 0 && !isMisplaced:
		return fmt.Errorf("%w: %w (%s)", failure.ErrMisplaced, err, why)
	}
	return fmt.Errorf("%w (%s)", err, why)
}

// isMisplaced reports whether a later run has no use for the URL of an upload that err ended.
func (u *upload) isMisplaced(err error) bool {
	return errors.Is(err, failure.ErrMisplaced) ||
		u.at.NewURL && u.result.Sent == 0 && u.at.URL != "" && !errors.Is(err, failure.ErrUntrusted) &&
			address.Misplaced(u.Endpoint, u.at.URL) != ""
}
