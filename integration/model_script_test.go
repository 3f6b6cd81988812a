package integration

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/retry"
)

// script is one upload with its source and its faults. It includes the second call, which
// follows a failed one.
type script struct {
	seed  uint64
	src   sourceScript
	chunk int64
	tries int  // of the retry policy
	token bool // requests have a token that can be renewed
	spoil []spoil
	stop  stop
	// store says that the first call keeps a record, and that the second call is Upload.
	// Otherwise the second call is Resume.
	store bool
	sum   sumScript
}

// stop cancels the first call.
type stop struct {
	request int           // number of the request, from 1; 0: none
	bytes   int64         // after this number of bytes of its body
	after   time.Duration // after this time; 0: never
}

func (s script) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "script %d: %v, chunk %d, %d tries, token %v, store %v", s.seed, s.src, s.chunk, s.tries, s.token, s.store)
	if s.sum.algorithm != "" {
		fmt.Fprintf(&b, ", %v", s.sum)
	}
	if s.stop.request > 0 {
		fmt.Fprintf(&b, ", stop in request %d after %d bytes", s.stop.request, s.stop.bytes)
	}
	if s.stop.after > 0 {
		fmt.Fprintf(&b, ", stop after %v", s.stop.after)
	}
	b.WriteByte('\n')
	for i, f := range s.spoil {
		fmt.Fprintf(&b, "  %2d %v\n", i, f)
	}
	return b.String()
}

// stopped reports whether the script cancels the first call.
func (s script) stopped() bool { return s.stop != stop{} }

// mustEndWell reports whether every call must succeed.
func (s script) mustEndWell() bool {
	if s.stopped() || s.src.damage != intact {
		return false
	}
	failures, damages := 0, 0
	for _, f := range s.spoil {
		if f.mayEnd() {
			return false
		}
		failures += max(f.times, 1) * f.weight
		if f.damages() {
			damages += f.times
		}
	}
	return failures < s.tries && damages <= 3
}

// dice draws the parts of a script.
type dice struct{ *rand.Rand }

// in returns true with this probability.
func (d dice) in(percent int) bool { return d.IntN(100) < percent }

// upTo draws a number from 0 to n. The first two and the last two numbers are more
// frequent.
func (d dice) upTo(n int64) int64 {
	if d.in(30) {
		edges := []int64{0, 1, n - 1, n}
		return max(0, min(n, edges[d.IntN(len(edges))]))
	}
	return d.Int64N(n + 1)
}

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

func newScript(seed uint64) script {
	d := dice{rand.New(rand.NewPCG(seed, 0))}
	s := script{seed: seed, tries: retry.DefaultMaxAttempts}
	if d.in(30) {
		s.tries = 4
	}
	s.token = d.in(30)
	s.store = d.in(4)
	size := s.drawSize(d)
	s.src = drawSource(d, size, s.store)
	for range d.IntN(13) {
		s.spoil = append(s.spoil, drawSpoil(d, s))
	}
	switch {
	case d.in(12):
		s.stop = stop{request: 1 + d.IntN(8), bytes: d.upTo(s.body())}
	case d.in(6):
		s.stop.after = time.Duration(1 + d.Int64N(int64(2*time.Minute)))
	}
	// These separate dice keep the scripts of other seeds unchanged.
	s.press(dice{rand.New(rand.NewPCG(seed, 2))})
	s.drawSum(dice{rand.New(rand.NewPCG(seed, sumDice))})
	return s
}

// press changes some scripts so that they reach rare cases.
func (s *script) press(d dice) {
	if d.in(4) {
		// The server refuses many times in the same way.
		f := spoil{method: http.MethodPatch, times: 4 + d.IntN(8), weight: 1}
		f.answerWith(d, *s, pick(d, http.StatusConflict, http.StatusLocked, http.StatusRequestEntityTooLarge, statusDamaged))
		s.spoil = slices.Insert(s.spoil, d.IntN(len(s.spoil)+1), f)
	}
	if d.in(10) && s.src.stream() && s.src.damage == intact && (s.chunk == 0 || s.chunk > 8*kib) {
		// The window must grow more than once.
		s.src.size, s.src.keep = 64*kib+d.Int64N(236*kib), 0
		s.src.piece = s.src.size / 20
	}
}

// drawSize draws the chunk size and the length, which is often close to a multiple of the
// chunk size.
func (s *script) drawSize(d dice) int64 {
	var size int64
	switch {
	case s.store:
		size = mib + 1 + d.Int64N(256*kib)
	case d.in(10):
		size = pick(d, int64(0), 1, 2)
	case d.in(60):
		size = d.Int64N(32 * kib)
	default:
		size = d.Int64N(300 * kib)
	}
	if d.in(40) {
		return size
	}
	least := max(1, size/30)
	s.chunk = least + d.upTo(size)
	if d.in(40) && !s.store {
		size = max(0, s.chunk*int64(d.IntN(4))+d.Int64N(3)-1)
		size = min(size, 300*kib)
	}
	return size
}

// body is the maximum length of the body of a PATCH.
func (s script) body() int64 {
	if s.chunk > 0 {
		return min(s.chunk, s.src.size)
	}
	return s.src.size
}
