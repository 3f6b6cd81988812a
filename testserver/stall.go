package testserver

import (
	"io"
	"net/http"
	"time"
)

// Stall neither reads nor answers for d, and then passes the request to tusd,
// as a server that swaps or a proxy with a full queue does. 0: until the client
// disconnects or the server closes.
//
// Over HTTP/2, and over HTTP/1.1 without a body, the server notices at once
// that the client has disconnected. Over HTTP/1.1 with a body, the unread body
// hides the end of the connection: the stall takes the whole d, and tusd may
// then store the bytes that had arrived. The operating system buffers some
// hundred KiB of a body that the server does not read; a [Network] buffers a
// few KiB.
func Stall(d time.Duration) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if newPacer(r.Context()).wait(d) != nil {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	}, "Stall(%v)", d)
}

// StallAfter gives tusd n bytes of the body, reads nothing for d, and then
// continues, as a proxy with full buffers or a server with a slow disk does. If
// the body has exactly n bytes, all of them are stored and the answer is
// delayed, as by a server that is slow to complete an upload. A shorter body is
// not stalled.
//
// With a d of 0, the stall lasts until the client disconnects or the server
// closes. tusd ends the request after Config.NetworkTimeout, or when another
// request needs the lock of the upload. The notes on clients and buffers at
// [Stall] apply here too.
func StallAfter(n int64, d time.Duration) Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		p := newPacer(r.Context())
		servePaced(w, r, next, p, &stalledBody{body: r.Body, pacer: p, left: max(n, 0), pause: d})
	}, "StallAfter(%d, %v)", n, d)
}

// Throttle reads the body at bytesPerSecond, as a slow uplink or a proxy with a
// rate limit does. 0 or less: no limit.
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

// servePaced calls next with a body whose reads wait for p.
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
			// io.EOF is kept for later, so that the stall does not depend on
			// whether the reader returns it together with the last byte.
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

// throttledBody limits the rate of reads, in bytes per second.
type throttledBody struct {
	body  io.Reader
	pacer *pacer
	rate  int64
	start time.Time
	got   int64
}

// stepsPerSecond is the maximum number of reads per second of a throttled body.
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

// BlackHole neither reads nor answers the request nor closes the connection
// until the server closes, even if the client disconnects, as a firewall that
// drops packets or a machine without power does. Over HTTP/1.1 the connection
// stays open; over HTTP/2 the other streams of the connection are not affected.
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
