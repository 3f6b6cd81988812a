package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
)

// denied remembers the answer to the request that carried the last bytes, and marks an error
// that means that the server refused the upload.
func (u *upload) denied(err error) error {
	e, ok := errors.AsType[*failure.Error](err)
	if !ok {
		return err
	}
	u.at.Denial = denialOf(e)
	if !u.at.Denial.Refused {
		return err
	}
	refused := *e
	refused.Err = fmt.Errorf("%w: %w", failure.ErrRefused, e.Err)
	return &refused
}

// denialOf returns the Denial of an answer that is about the upload: a final one, or a
// failure of the server while it finished the upload.
func denialOf(e *failure.Error) failure.Denial {
	switch {
	case e.Blame == failure.BlameLength:
	case e.Class == failure.ClassFinal:
		return e.Denial
	case e.Denial.ServerFailed() && (e.Class == failure.ClassTransient || e.Class == failure.ClassThrottled):
		return e.Denial
	}
	return failure.Denial{}
}

// checkDenial compares the answer to the last bytes with what the server says now. A complete
// upload that was refused is an error. A complete upload that met a failure of the server is
// a success, and the server's text is kept.
func (u *upload) checkDenial(ctx context.Context) error {
	switch {
	case u.at.Denial == (failure.Denial{}):
		return nil
	case !u.complete():
		u.at.Denial = failure.Denial{} // those bytes are sent again
		return nil
	case u.at.Denial.Refused:
		return u.at.Denial.Refusal(u.at.URL)
	}
	u.result.Confirmed = true
	u.Rules.Log.LogAttrs(ctx, slog.LevelWarn, "the server has all bytes, but answered the last request with an error",
		slog.String("url", redact.URL(u.at.URL)), slog.Int("status", u.at.Denial.StatusCode), slog.String("words", u.at.Denial.Words))
	return nil
}
