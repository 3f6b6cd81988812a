package engine

import (
	"context"
	"errors"
	"time"

	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/source"
)

// errSmaller ends a request whose body is larger than the server allows, as it says while it
// receives the body. The upload is resumed with smaller requests.
var errSmaller = errors.New("the server takes only smaller requests")

// interim takes what the server says while a request is under way: the URL of a new upload,
// its limits, and how much it has. The request goes on meanwhile. An error ends it.
func (u *upload) interim(ctx context.Context, answer dialect.Answer) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.announced = u.announced.And(answer.Limits)
	if u.at.URL == "" && answer.URL != "" {
		if err := u.announce(ctx, answer); err != nil {
			return err
		}
	}
	if err := u.admits(); err != nil {
		return err
	}
	if most := u.announced.MaxRequest; most > 0 && u.body > most && u.chunkSize() > 0 {
		return errSmaller
	}
	// Bytes that were not handed to the network cannot have arrived.
	offset, said := answer.Offset.Int64()
	if !said || offset <= u.at.Best || offset > u.sent.Load() {
		return nil
	}
	u.at.Offset, u.at.Best = offset, offset
	u.Retrier.Progress()
	if r, ok := u.Source.(source.Releaser); ok {
		r.Release(offset)
	}
	return u.Report(ctx, u.Event(Progress))
}

// announce takes the URL of the upload that the request under way creates. It is valid from now
// on, also if the request fails.
func (u *upload) announce(ctx context.Context, answer dialect.Answer) error {
	if err := u.Claim.Take(answer.URL, u.Part); err != nil {
		return err
	}
	u.at.URL, u.at.Next = answer.URL, answer.URL
	u.at.Theirs, u.at.Trust, u.made = u.size, urlNew, time.Now()
	if age := u.Rules.Limits.And(u.announced).MaxAge; age > 0 {
		u.result.Expires = time.Now().Add(age)
	}
	if err := u.Report(ctx, u.Event(Created)); err != nil || !u.marked {
		return err
	}
	// The last byte was sent before there was a record that could say so.
	return u.Report(ctx, u.Event(LastByte))
}
