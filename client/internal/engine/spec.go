package engine

import (
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// Spec describes one upload to [Run].
type Spec struct {
	Rules   *Rules
	Policy  retry.Policy // of failures; nil: that of the Rules
	Retrier *Retrier     // counts the failures, with those before the run; nil: the run has its own count
	Dialect dialect.Dialect
	Source  source.Handle

	// Endpoint is the creation URL, whose host may have asked for fewer requests.
	Endpoint string

	// Claim has the URLs of the call. Part is the number of the part that this upload is, from
	// 1, or 0. nil: the URL of the upload is not compared with those of others.
	Claim *Claim
	Part  int

	// Creation describes a new upload; its length is that of the source. It is not used
	// if Adopt names an upload.
	Creation dialect.Creation

	// Adopt is an upload that was begun before. Its zero value: a new one is created.
	Adopt Adopt

	// Chunk is the most bytes of one request. 0: all that is left.
	Chunk int64

	// Inline is the largest source, in bytes, that is sent along with its creation. AnySize
	// also stands for a stream of unknown length. 0: none.
	Inline int64

	// LeaveOpen means that the creation does not complete the upload. The creation carries
	// no bytes. If the source is empty and the server allows that the length is declared
	// later, the creation names no length, and the first PATCH declares it.
	LeaveOpen bool

	// CreateOnly ends the run as soon as there is an upload.
	CreateOnly bool

	// MarkLast has LastByte told before the last byte of the source is sent, or before the
	// request that completes the upload if no byte is left.
	MarkLast bool

	// Gauge counts the bytes that the network takes. nil: none.
	Gauge *atomic.Int64

	// Tell is told what happens.
	Tell Listener
}

// AnySize is a value of Spec.Inline for servers that announce uploads, see
// dialect.Features.Announces.
const AnySize = math.MaxInt64

// Adopt is an upload that exists before the run.
type Adopt struct {
	// URL is that of the upload. "": there is none. If there is one, the
	// upload usually comes from an earlier run or from another program, and the caller may
	// create a new one if CannotResume is true. A caller that created the upload itself must
	// not do that: a 404 for a new upload shows a fault of the server, and would come again.
	URL string

	// Offset is how much the server had, as far as the caller knows. It is the offset of the
	// result if the server does not answer, unless the upload cannot be resumed.
	Offset int64

	// Reach is how much the server can have at most. The zero value: no bound.
	Reach protocol.Length

	// Uncertain means that the upload may be complete if it is gone: all bytes were sent
	// before, or the upload is a part and an earlier run may have joined the parts.
	Uncertain bool

	// Expires is when the server removes the upload, as far as it is known.
	Expires time.Time

	// Denial is the answer that an earlier run got to the last bytes.
	Denial failure.Denial

	// Unheard means that no answer about the upload is known: its creator may have been
	// killed before the first one. The URL may be wrong, see CannotResume.
	Unheard bool

	// Fresh means that the caller has just created the upload and that it has no bytes. The
	// run begins with a PATCH instead of a HEAD. Complete is that of the result of the creation.
	Fresh, Complete bool
}

// Result is how far an upload got.
type Result struct {
	URL            string
	Offset         int64
	Length         protocol.Length
	Complete       bool      // the server said that the upload is complete
	Resumed        int64     // bytes that the server had when it was first asked
	Expires        time.Time // zero: the server did not say
	CreationHeader http.Header
	Header         http.Header
	Confirmed      bool  // the last bytes got no success as their answer, and HEAD says that the server has all bytes
	Sent           int64 // bytes handed to the network
	Retries        int
	Orphans        int // creations that may have made an upload whose URL is lost

	// Reach is the highest offset that the server can have; unknown: no bound.
	Reach protocol.Length

	// Unacknowledged is how many bytes after Offset were sent although the server has not said
	// how many of them it has.
	Unacknowledged int64

	// Denial is the last answer to the last bytes if it was an error.
	Denial failure.Denial

	// Response is the final response of the resource that got the upload. nil: the protocol
	// has none, or it was not received.
	Response *dialect.Response
}

// Add adds the work of another run to a result.
func (r *Result) Add(other Result) {
	r.Sent += other.Sent
	r.Retries += other.Retries
	r.Orphans += other.Orphans
}
