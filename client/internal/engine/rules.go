// Package engine does one upload: it creates the upload or adopts one that was begun before,
// sends the bytes that the server lacks, and decides what to do after each failure.
//
// Only the server's offset counts. Each body is read from the source at the offset that the
// server named last, and after every failure the server is asked for its offset. The engine
// is independent of the protocol; see package dialect.
package engine

import (
	"log/slog"

	"github.com/tusker-go/tusker/retry"
)

// Rules are what the uploads of one Client have in common. They are safe for concurrent
// use.
type Rules struct {
	Retry  retry.Policy // of failures
	Locked retry.Policy // of waits for a lock
	Chunks ChunkRule    // what the server demands of the size of a chunk
	Limits Limits       // body sizes that proxies allow, learned by the way
	Silent Hosts        // hosts that name no Location for an upload that its creation completes
	Gates  Gates        // hosts that asked for fewer requests
	Crowd  Crowd        // uploads under way
	Log    *slog.Logger
}
