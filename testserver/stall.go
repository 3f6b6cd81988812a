package testserver

import (
	"io"
	"net/http"
	"time"
)

// Stall reads and answers nothing for d, then lets the request go on as
// usual: a server that swaps, a proxy with a full queue, a connection whose
// other side went to sleep. 0: until the client goes away or the server
// closes.
//
// That a client has gone away shows at once over HTTP/2, and over HTTP/1.1
// where the request has no body. Where it has one, it lies unread before the
// end of the connection, so the stall lasts its time, and then tusd may store
// what had arrived. The system's buffers take in some hundred KiB of a body
// that is not read; those of a [Network], a few.
func Stall(d time.Duration) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if newPacer(r.Context()).wait(d) != nil {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	}, "Stall(%v)", d)
}

// StallAfter gives tusd n bytes of the body and then reads nothing for d,
// after which the request goes on as usual: a proxy whose buffers are full, a
// server whose disk does not keep up. Where the body has just n bytes, all of
// it is stored and the answer is what waits: a server that takes long to
// finish an upload. A shorter body is not stalled.
//
// 0: until the client goes away or the server closes; tusd gives the request
// up after Config.NetworkTimeout, or as soon as another request wants the
// same upload. What [Stall] says of clients and buffers holds here too.
func StallAfter(n int64, d time.Duration) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		p := newPacer(r.Context())
		servePaced(w, r, next, p, &stalledBody{body: r.Body, pacer: p, left: max(n, 0), pause: d})
	}, "StallAfter(%d, %v)", n, d)
}

// Throttle reads the body at bytesPerSecond: a slow uplink, or a proxy that
// shapes traffic. 0 or less: the rate is not limited.
func Throttle(bytesPerSecond int64) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if bytesPerSecond <= 0 {
			next.ServeHTTP(w, r)
			return
		}
		p := newPacer(r.Context())
		servePaced(w, r, next, p, &throttledBody{body: r.Body, pacer: p, rate: bytesPerSecond})
	}, "Throttle(%d)", bytesPerSecond)
}

// servePaced calls next with a body that p makes wait.
func servePaced(w http.ResponseWriter, r *http.Request, next http.Handler, p *pacer, body io.Reader) {
	if r.Body == nil || r.Body == http.NoBody {
		next.ServeHTTP(w, r)
		return
	}
	r = withBody(r, &pacedBody{Reader: body, body: r.Body, pacer: p})
	next.ServeHTTP(&pacedWriter{ResponseWriter: w, pacer: p}, r)
}

// stalledBody waits once, after left bytes.
type stalledBody struct {
	body  io.Reader
	pacer *pacer
	left  int64
	pause time.Duration
	done  bool
	ended bool
}

func (b *stalledBody) Read(p []byte) (int, error) {
	if b.left > 0 {
		n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
		b.left -= int64(n)
		if b.left == 0 && err == io.EOF {
			// Kept back, or the stall would depend on how the body ends.
			b.ended, err = true, nil
		}
		return n, err
	}
	if !b.done {
		b.done = true
		if err := b.pacer.wait(b.pause); err != nil {
			return 0, err
		}
	}
	if b.ended {
		return 0, io.EOF
	}
	return b.body.Read(p)
}

// throttledBody keeps to a rate in bytes per second.
type throttledBody struct {
	body  io.Reader
	pacer *pacer
	rate  int64
	start time.Time
	got   int64
}

// stepsPerSecond is how often a throttled body is read, where its rate allows.
const stepsPerSecond = 20

func (b *throttledBody) Read(p []byte) (int, error) {
	if b.start.IsZero() {
		b.start = time.Now()
	}
	step := max(b.rate/stepsPerSecond, 1)
	n, err := b.body.Read(p[:min(int64(len(p)), step)])
	b.got += int64(n)
	due := b.start.Add(time.Duration(float64(b.got) / float64(b.rate) * float64(time.Second)))
	if d := time.Until(due); n > 0 && d > 0 {
		if werr := b.pacer.wait(d); werr != nil {
			return n, werr
		}
	}
	return n, err
}

// BlackHole takes the request and then neither reads nor answers nor hangs up
// until the server closes, also when the client has gone long since: a
// firewall that drops what it does not know, a machine that lost its power, a
// server that hangs. Over HTTP/1.1 the connection is held for as long; over
// HTTP/2 other streams of it go on.
func BlackHole() Action {
	return newAction(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		done := r.Context().Done()
		if s := serverOf(r); s != nil {
			done = s.done
		}
		<-done
		panic(http.ErrAbortHandler)
	}, "BlackHole()")
}
