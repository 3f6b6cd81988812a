package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/client/internal/redact"
)

// Expiry logs a warning if an upload has expired, or will expire before it is complete at the
// rate so far. The zero value has no event of the upload yet. It is not safe for concurrent use.
type Expiry struct {
	expires time.Time // as the server said last
	began   time.Time // when sending began, at offset first
	first   int64
	expired bool // a warning was logged that the upload has expired
	warned  bool // a warning was logged that time is short
}

// Hear takes the next event of the upload.
func (w *Expiry) Hear(ctx context.Context, log *slog.Logger, ev Event) {
	if ev.Kind == Created || ev.Adopted {
		w.began, w.first = time.Now(), ev.Offset
	}
	if !ev.Expires.IsZero() && !ev.Expires.Equal(w.expires) {
		w.expires = ev.Expires
		// If the clocks differ, each answer may have another time in the past.
		if !ev.Expires.After(time.Now()) && !w.expired {
			w.expired = true
			log.LogAttrs(ctx, slog.LevelWarn, "the upload has expired, as the server said that it would",
				slog.String("url", redact.URL(ev.URL)), slog.Time("expires", ev.Expires))
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
		log.LogAttrs(ctx, slog.LevelWarn, "upload will expire before it is complete at this rate",
			slog.String("url", redact.URL(ev.URL)), slog.Time("expires", w.expires), slog.Duration("left", left))
	}
}
