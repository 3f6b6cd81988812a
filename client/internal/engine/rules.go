// Package engine brings one upload to its end: it creates the upload or adopts one that
// was begun before, sends what the server lacks, and decides what follows each failure.
//
// The server's offset is the only truth. Each body is read again from the source at the
// offset that the server named last, and after any failure the server is asked. The
// engine speaks no protocol itself; see package dialect.
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
	Gates  Gates        // hosts that asked for fewer requests
	Log    *slog.Logger
}
