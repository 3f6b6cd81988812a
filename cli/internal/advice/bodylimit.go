package advice

import (
	"errors"
	"fmt"
	"sync"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// BodyLimit is the smallest limit for one request that several uploads found. The zero
// value: none found one. It is safe for concurrent use.
type BodyLimit struct {
	mu   sync.Mutex
	most int64
}

// Add takes the limit that an upload found, if requests of that size passed.
func (l *BodyLimit) Add(r *client.Result, err error) {
	if r.BodyLimit == 0 || err != nil && r.Offset <= r.Resumed {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most == 0 || r.BodyLimit < l.most {
		l.most = r.BodyLimit
	}
}

// Text names the chunk size that passed, if larger requests did not. Otherwise, it is "".
func (l *BodyLimit) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most == 0 {
		return ""
	}
	return fmt.Sprintf("requests larger than %s did not pass: --chunk-size %s avoids the failed tries", units.FormatSize(l.most), chunkSize(l.most))
}

// chunkSize writes a size as a flag takes it.
func chunkSize(n int64) string {
	size := units.Size(n)
	return size.String()
}

// noSpace says what to do about a server without space.
const noSpace = "make room on the server, or ask its operator"

// Undelivered says what may help an upload that gave up because its PATCH requests failed, or ""
// if nothing is known.
func Undelivered(r *client.Result, err error) string {
	if errors.Is(err, protocol.ErrInsufficientStorage) {
		return noSpace
	}
	e, ok := errors.AsType[*client.Error](err)
	if !ok || !errors.Is(err, retry.ErrExhausted) || e.Op != protocol.OpPatch || e.Class != client.ClassTransient || r.Retries == 0 {
		return ""
	}
	moved := r.Offset > r.Resumed
	isCut := e.AnswerLost && e.StatusCode == 0
	switch {
	case moved && r.BodyLimit > 0:
		return "requests of --chunk-size " + chunkSize(r.BodyLimit) + " passed"
	case moved:
		return ""
	case isCut && r.BodyLimit > 0:
		return "requests of --chunk-size " + chunkSize(r.BodyLimit) + " did not pass either; if a firewall cuts every PATCH, --method-override may pass"
	case r.BodyLimit > 0:
		return "requests of --chunk-size " + chunkSize(r.BodyLimit) + " did not pass either"
	case isCut:
		return "if a firewall cuts every PATCH, --method-override may pass; if a proxy ends long requests, a smaller --chunk-size"
	case r.Sent == 0:
		return ""
	}
	return "if a proxy ends long requests, a smaller --chunk-size passes"
}
