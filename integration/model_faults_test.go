package integration

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// spoil is an entry of the queue of faults, with its possible effects.
type spoil struct {
	method string // "": any
	times  int
	do     testserver.Action // nil: the request passes

	weight int     // maximum number of failures for each time that it fires
	ends   bool    // an upload may fail because of it
	gains  bool    // bytes arrive although the request fails
	lies   bool    // the answer has a wrong offset
	loses  bool    // the server loses stored bytes
	sends  bool    // the network sends the request twice
	flips  bool    // a byte changes in the network
	answer *answer // answer in place of tusd; nil: no answer
}

func (f spoil) String() string {
	method, times, do := f.method, "", "passes"
	if method == "" {
		method = "any"
	}
	switch {
	case f.times == testserver.Always:
		times = " always"
	case f.times > 1:
		times = fmt.Sprintf(" x%d", f.times)
	}
	if f.do != nil {
		do = fmt.Sprint(f.do)
	}
	return method + times + " " + do
}

// concerns reports whether the fault applies to requests with this method.
func (f spoil) concerns(method string) bool { return f.method == "" || f.method == method }

// mayEnd reports whether the fault may end an upload that has retries left.
func (f spoil) mayEnd() bool {
	switch {
	case f.ends, f.times == testserver.Always, f.flips && f.times > 3:
		return true
	case f.lies:
		// The client compares the offset of a PATCH with the bytes that it sent. It
		// cannot check the offset of a HEAD.
		return f.concerns(http.MethodHead)
	case f.answer == nil:
		return false
	}
	for method, m := range f.answer.methods() {
		if f.concerns(method) && (m == ending || m == strange || m == moved || m == limited || m == damaged && f.times > 3) {
			return true
		}
	}
	return false
}

// damages reports whether bytes are damaged, or the server says so.
func (f spoil) damages() bool {
	return f.flips || f.answer != nil && f.answer.status == statusDamaged
}

// drawSpoil draws one entry of the queue of faults.
func drawSpoil(d dice, s script) spoil {
	f := spoil{weight: 1, times: 1}
	f.method = pick(d, http.MethodPatch, http.MethodPatch, http.MethodPatch, http.MethodPatch,
		http.MethodHead, http.MethodHead, http.MethodPost, "")
	if d.in(25) {
		f.times = 2 + d.IntN(3)
	}
	draws := []struct {
		chance int
		draw   func(*spoil, dice, script)
	}{
		{12, func(f *spoil, _ dice, _ script) { f.weight = 0 }},
		{60, (*spoil).drawConnection},
		{24, (*spoil).drawAnswer},
		{8, (*spoil).drawRefusal},
		{10, (*spoil).drawLie},
		{7, (*spoil).drawLoss},
		{8, (*spoil).drawDetour},
	}
	total := 0
	for _, x := range draws {
		total += x.chance
	}
	for n, i := d.IntN(total), 0; n >= 0; i++ {
		if n -= draws[i].chance; n < 0 {
			draws[i].draw(&f, d, s)
		}
	}
	if f.weight > 0 && !f.gains && d.in(2) {
		f.times = testserver.Always
	}
	return f
}

// drawConnection draws a fault of a connection, or of the server or proxy that holds it.
func (f *spoil) drawConnection(d dice, s script) {
	n := d.upTo(s.body() + 1)
	switch d.IntN(20) {
	case 0, 1, 2:
		f.do = testserver.Reset()
	case 3, 4, 5, 6, 7:
		f.do, f.gains = testserver.CutAfter(n), true
	case 8, 9, 10:
		f.do = testserver.DropReply()
	case 11, 12, 13:
		f.drawStall(d, s)
	case 14:
		f.do = testserver.BlackHole()
	case 15:
		// The values are shorter and longer than FinishTimeout.
		f.do = testserver.SlowFinish(pick(d, time.Second, 5*time.Minute, 15*time.Minute))
	case 16:
		f.do, f.weight = drawThrottle(d, s), 0
	case 17:
		f.do = testserver.Chain(drawThrottle(d, s), testserver.DropReply())
	case 18:
		f.do, f.weight = testserver.Buffer(), 0
	case 19:
		f.do = testserver.Chain(testserver.CutAfter(n), testserver.Buffer())
	}
}

func (f *spoil) drawStall(d dice, s script) {
	// The values are shorter than StallTimeout, longer, longer than FinishTimeout, and
	// infinite.
	pause := pick(d, time.Second, 29*time.Second, 31*time.Second, 2*time.Minute, 15*time.Minute, 0)
	f.weight = 0
	if pause == 0 || pause > 30*time.Second {
		// A stalled request may continue later and interfere with another request.
		f.weight = 2
	}
	f.do = testserver.Stall(pause)
	if d.in(60) {
		f.do, f.gains = testserver.StallAfter(d.upTo(s.body()), pause), true
	}
}

// drawThrottle draws a rate that is low, but not so low that it looks like a stall.
func drawThrottle(d dice, s script) testserver.Action {
	return testserver.Throttle(max(16*kib, s.src.size/(1+d.Int64N(20))))
}

// drawRefusal draws a refusal for which testserver has an action.
func (f *spoil) drawRefusal(d dice, _ script) {
	wait := pick(d, time.Second, 10*time.Second, 100*time.Second)
	switch d.IntN(6) {
	case 0:
		f.do = testserver.LockTimeout()
	case 1:
		f.do = testserver.RetryAfter(pick(d, http.StatusTooManyRequests, http.StatusServiceUnavailable), wait)
	case 2:
		f.do = testserver.RetryAfterDate(pick(d, http.StatusTooManyRequests, http.StatusServiceUnavailable), wait)
	case 3:
		held := pick(d, time.Second, 10*time.Second, 40*time.Second)
		// The lock ends by itself before the retries for a lock are exhausted.
		f.do, f.times, f.weight = testserver.Locked(held), 0, 1+int(held/(5*time.Second))
	case 4:
		f.do, f.times, f.ends = testserver.UntilTokenChanges(), 0, true
	case 5:
		limit := pick[int64](d, 256*kib, 257*kib, 1000, 32*kib)
		f.do, f.times, f.ends = testserver.BodyLimit(limit), testserver.Always, true
	}
}

// drawLoss draws a server that loses bytes.
func (f *spoil) drawLoss(d dice, s script) {
	if d.in(30) {
		f.do, f.ends = testserver.Forget(), true
		return
	}
	f.do, f.loses = testserver.RewindTo(d.upTo(s.src.size)), true
	f.ends = s.src.stream()
}

// drawDetour draws a fault that has no effect on an upload, or only once.
func (f *spoil) drawDetour(d dice, _ script) {
	f.weight = 0
	switch d.IntN(3) {
	case 0:
		f.do = testserver.SetHeader(protocol.HeaderUploadExpires, "Fri, 31 Dec 1999 23:59:59 GMT")
	case 1:
		// Only ten redirects in a row are followed, so an endless redirect would end the
		// upload.
		f.do, f.times, f.sends = redirectToItself(d), 1, true
	case 2:
		f.method = http.MethodPost
		form := pick(d, testserver.LocationRelative, testserver.LocationPath, testserver.LocationSchemeless, testserver.LocationAbsent, "")
		if form == "" {
			f.do = testserver.LocationQuery("sig=a%2Fb+c%7e")
			return
		}
		f.do, f.ends = testserver.Location(form), form == testserver.LocationAbsent
	}
}

// redirectToItself redirects a request once to its own URL.
func redirectToItself(d dice) testserver.Action {
	status := pick(d, http.StatusTemporaryRedirect, http.StatusPermanentRedirect)
	return namedAction{name: fmt.Sprintf("redirect %d", status), ActionFunc: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Location", r.URL.RequestURI())
		w.WriteHeader(status)
	}}
}

type namedAction struct {
	testserver.ActionFunc
	name string
}

func (a namedAction) String() string { return a.name }

// drawLie draws a wrong offset. It is never the length, because no client can detect that
// an upload is not complete.
func (f *spoil) drawLie(d dice, s script) {
	size, other := s.src.size, d.upTo(s.src.size+3)
	by := pick(d, int64(-1), 1, -1-d.Int64N(size+1), 1+d.Int64N(size+1))
	garbage := pick(d, "0x190", "12 34", "-1", "99999999999999999999", "1e3", "1.5", "x")
	name, lie := "", func(int64) string { return garbage }
	switch d.IntN(4) {
	case 0:
		name = "offset " + strconv.Quote(garbage)
	case 1:
		name = fmt.Sprintf("offset %d", other)
		lie = func(n int64) string { return claim(n, other, size) }
	default:
		name = fmt.Sprintf("offset %+d", by)
		lie = func(n int64) string { return claim(n, n+by, size) }
	}
	f.lies, f.weight = true, 2
	f.do = namedAction{name: name, ActionFunc: testserver.RewriteHeader(func(h http.Header) {
		if n, err := protocol.ParseOffset(h.Get(protocol.HeaderUploadOffset)); err == nil {
			h.Set(protocol.HeaderUploadOffset, lie(n))
		}
	}).Serve}
}

func claim(truth, lie, size int64) string {
	if lie == size && truth != size {
		lie++
	}
	return strconv.FormatInt(lie, 10)
}

// drawAnswer draws an answer in place of tusd.
func (f *spoil) drawAnswer(d dice, s script) { f.answerBy(d, s, d.IntN(len(statuses))) }

// answerWith draws one of the answers with this status.
func (f *spoil) answerWith(d dice, s script, status int) {
	var of []int
	for i, a := range statuses {
		if a.status == status {
			of = append(of, i)
		}
	}
	f.answerBy(d, s, pick(d, of...))
}

// answerBy answers with statuses[i], at once or in the middle of the body.
func (f *spoil) answerBy(d dice, s script, i int) {
	f.answer = &statuses[i]
	header := f.answer.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set(headerAnswer, strconv.Itoa(i))
	do, words := testserver.Status(f.answer.status, header, f.answer.body), ""
	if d.in(30) {
		n := d.upTo(s.body() + 1)
		do, words = testserver.EarlyAnswer(n, f.answer.status, header, f.answer.body), fmt.Sprintf(", after %d bytes", n)
	}
	f.do = namedAction{
		name:       fmt.Sprintf("status %d %v %q%s", f.answer.status, f.answer.header, f.answer.body, words),
		ActionFunc: do.Serve,
	}
}
