package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/client/failure"
)

// WarnExpiry is a listener that logs a warning if an upload has expired, or will expire
// before it is complete at the rate so far.
func WarnExpiry(log *slog.Logger) Listener {
	w := expiry{log: log}
	return func(ctx context.Context, ev Event) error {
		w.hear(ctx, ev)
		return nil
	}
}

type expiry struct {
	log     *slog.Logger
	expires time.Time // as the server said last
	began   time.Time // when sending began, at offset first
	first   int64
	warned  bool // that time is short
}

func (w *expiry) hear(ctx context.Context, ev Event) {
	if ev.Kind == Created || ev.Adopted {
		w.began, w.first = time.Now(), ev.Offset
	}
	if !ev.Expires.IsZero() && !ev.Expires.Equal(w.expires) {
		w.expires = ev.Expires
		if !ev.Expires.After(time.Now()) {
			w.log.LogAttrs(ctx, slog.LevelWarn, "the upload has expired, as the server said that it would",
				slog.String("url", failure.Redact(ev.URL)), slog.Time("expires", ev.Expires))
		}
	}
	length, known := ev.Length.Int64()
	gained := ev.Offset - w.first
	if w.warned || !known || w.expires.IsZero() || gained <= 0 || length <= ev.Offset {
		return
	}
	left := time.Duration(float64(time.Since(w.began)) / float64(gained) * float64(length-ev.Offset))
	if time.Now().Add(left).After(w.expires) {
		w.warned = true
		w.log.LogAttrs(ctx, slog.LevelWarn, "upload will expire before it is complete at this rate",
			slog.String("url", failure.Redact(ev.URL)), slog.Time("expires", w.expires), slog.Duration("left", left))
	}
}
