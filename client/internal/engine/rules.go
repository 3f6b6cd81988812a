// Package engine does one upload: it creates the upload or adopts one that was begun before,
// sends the bytes that the server lacks, and decides what to do after each failure.
//
// Only the server's offset counts. Each body is read from the source at the offset that the
// server named last, and after every failure the server is asked for its offset. The engine
// is independent of the protocol; see package dialect.
package engine

import (
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// Rules are the settings and facts that the uploads of one Client share. They are safe
// for concurrent use.
type Rules struct {
	Retry  retry.Policy    // of failures
	Locked retry.Policy    // of waits for a lock
	Limits protocol.Limits // what the server demands, as the caller knows it
	Bodies Bodies          // body sizes that proxies allow, learned from their refusals
	Gates  Gates           // hosts that asked for fewer requests
	Crowd  Crowd           // uploads under way
	URLs   URLs            // of uploads under way and of finished ones
	Log    *slog.Logger

	// AskAfterCancel is how long an upload may ask for its offset after its context ended.
	// 0: it does not ask. StopAsking ends these questions when it is closed. nil: nothing
	// ends them early.
	AskAfterCancel time.Duration
	StopAsking     <-chan struct{}

	// Silent has the hosts whose answer to a creation has no Location if the creation
	// completes the upload. Such a creation gets no URL, so the hosts get creations without
	// bytes.
	Silent Hosts
}

// DefaultChunk returns the chunk size if the caller sets none: the largest that the limits
// allow, or 0 if there is no upper limit. A stream is sent in chunks in any case, so for a
// stream it is the size closest to half of the default window.
func DefaultChunk(l protocol.Limits, stream bool) int64 {
	switch {
	case l.MinRequest == 0 && l.MaxRequest == 0 && l.Multiple == 0:
		return 0
	case stream:
		return l.RoundUp(source.DefaultWindow / 2)
	case l.MaxRequest == 0:
		return 0
	}
	return l.Fit(l.MaxRequest)
}
