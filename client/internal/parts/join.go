package parts

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// Join is one request that joins parts.
type Join struct {
	Rules    *engine.Rules
	Policy   retry.Policy // nil: that of the Rules
	Dialect  dialect.Dialect
	Endpoint string
	Source   source.Handle // checked before each attempt; nil: nothing is
	Metadata protocol.Metadata
	Claim    *engine.Claim // has the URLs of the parts
	Tell     engine.Listener
	At       engine.Event // what is known of the parts together
}

// Do makes one upload of complete parts. A request that may have arrived is repeated only
// while the parts are still there to be joined. MayBeJoined means that the server may
// have joined them although there is an error.
func (j Join) Do(ctx context.Context, parts []string) (res engine.Result, mayBeJoined bool, err error) {
	joiner, ok := j.Dialect.(dialect.Joiner)
	if !ok {
		return res, false, errCannotJoin
	}
	var answer dialect.Answer
	query := engine.Query{Rules: j.Rules, Policy: j.Policy, URL: j.Endpoint, Tell: j.Tell, At: j.At}
	res.Retries, err = query.Repeat(ctx, func(ctx context.Context) error {
		if res.Orphans > 0 {
			if err := j.stillThere(ctx, parts); err != nil {
				return err
			}
		}
		// Parts of a source that has changed must not become one upload.
		if j.Source != nil {
			if err := handle.Check(ctx, j.Source); err != nil {
				return err
			}
		}
		var err error
		answer, err = joiner.Join(ctx, parts, j.Metadata)
		if answer.Orphan {
			res.Orphans++
		}
		mayBeJoined = mayBeJoined || answer.Orphan || err != nil && ctx.Err() != nil
		return err
	})
	if err != nil {
		return res, mayBeJoined, err
	}
	if err := j.Claim.Take(answer.URL, 0); err != nil {
		return res, true, answer.Refuse(err)
	}
	header := header.Keep(answer.Header)
	res.URL, res.Header, res.CreationHeader, res.Expires = answer.URL, header, header, answer.Expires
	return res, mayBeJoined, nil
}

// stillThere returns failure.ErrUncertain if a part is gone, because a server may delete
// parts that it has joined.
func (j Join) stillThere(ctx context.Context, parts []string) error {
	for _, part := range parts {
		_, err := j.Dialect.Offset(ctx, part)
		e, ok := errors.AsType[*failure.Error](err)
		if ok && e.Class == failure.ClassGone {
			return engine.Uncertain(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// removeTime is how long the deletion of unused uploads may delay another upload.
const removeTime = 5 * time.Second

// Remove deletes parts that will not be resumed, if the server supports it. Parts that cannot
// be deleted soon are left to expire.
func Remove(ctx context.Context, log *slog.Logger, d dialect.Dialect, urls []string) {
	remover, ok := d.(dialect.Remover)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, removeTime)
	defer cancel()
	for _, url := range urls {
		if url == "" {
			continue
		}
		err := remover.Remove(ctx, url)
		if e, ok := errors.AsType[*failure.Error](err); ok && e.Class != failure.ClassGone {
			// The deletion of the other parts would fail in the same way.
			log.LogAttrs(ctx, slog.LevelInfo, "parts not deleted", slog.Any("err", err))
			return
		}
	}
}
