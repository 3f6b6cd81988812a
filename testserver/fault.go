package testserver

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Always is the number of Times for a fault that never stops.
const Always = math.MaxInt

// Fault is one thing that goes wrong with a request.
type Fault struct {
	// Method is the method of the requests to spoil, after
	// X-HTTP-Method-Override. "": any.
	Method string

	// Match picks the requests to spoil among those of Method. It is called
	// for one request at a time, must not block, and must not call methods
	// of the Server. nil: any.
	Match func(*http.Request) bool

	// Times is how many requests are spoiled, [Always] for no end. 0 or less:
	// one, and for actions that end by themselves, which are [Locked] and
	// [UntilTokenChanges], as many as come before that end. When they have
	// ended they leave the queue, whatever Times says.
	Times int

	// Do is what goes wrong. nil: nothing, tusd answers.
	Do Action
}

// Action handles a request in the place of tusd, which is next. It may answer
// by itself, call next once with a request or a writer of its own making, or
// panic with [http.ErrAbortHandler] to end the connection without an answer.
// A writer put around w has to have an Unwrap method, as
// [http.ResponseController] wants it: tusd sets deadlines through it.
//
// Serve is called from many goroutines, and returns when the context of r is
// done. Actions made by this package look into the [Server] they run in; in
// another server Forget and RewindTo do nothing, SlowFinish knows nothing of
// a PATCH, and BlackHole ends with the request's context.
//
// Some actions are for some requests only, such as [BodyLimit]: their fault
// lets the others pass, as if they did not match.
type Action interface {
	Serve(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// ActionFunc is a function as an [Action].
type ActionFunc func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Serve calls f.
func (f ActionFunc) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	f(w, r, next)
}

// String returns "ActionFunc".
func (ActionFunc) String() string { return "ActionFunc" }

// Chain joins actions for one request: the first is the outermost, its next
// is the second one, and the next of the last is tusd. A fault with a Chain
// matches and ends as its own fields say, whatever its actions are.
func Chain(actions ...Action) Action { return chain(actions) }

type chain []Action

func (c chain) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	for _, a := range slices.Backward(c) {
		inner := next
		next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.Serve(w, r, inner)
		})
	}
	next.ServeHTTP(w, r)
}

func (c chain) String() string {
	names := make([]string, len(c))
	for i, a := range c {
		names[i] = actionName(a)
	}
	return "Chain(" + strings.Join(names, ", ") + ")"
}

// lasting is an action that ends by itself. It need not be asked: past its
// end, Serve lets requests through.
type lasting interface {
	Action
	// over tells whether the end has come before r.
	over(r *http.Request) bool
}

// choosy is an action for some requests only. It need not be asked: Serve lets
// the others through.
type choosy interface {
	Action
	wants(r *http.Request) bool
}

// action is an [Action] with the name that [Request].Fault shows.
type action struct {
	ActionFunc
	name string
}

func (a action) String() string { return a.name }

func newAction(serve ActionFunc, format string, args ...any) Action {
	return action{ActionFunc: serve, name: fmt.Sprintf(format, args...)}
}

func actionName(a Action) string {
	if s, ok := a.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", a)
}

// Inject appends faults to the queue. Safe for concurrent use.
func (s *Server) Inject(faults ...Fault) { s.faults.add(faults) }

// Pending returns the faults that are still in the queue, in order, with the
// number of requests that each is still to spoil as Times.
func (s *Server) Pending() []Fault { return s.faults.pending() }

// queue holds the faults to come. The zero value is empty.
type queue struct {
	mu     sync.Mutex
	faults []Fault
}

func (q *queue) add(faults []Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range faults {
		if _, ok := f.Do.(lasting); ok && f.Times <= 0 {
			f.Times = Always
		}
		f.Times = max(f.Times, 1)
		q.faults = append(q.faults, f)
	}
}

func (q *queue) pending() []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.faults)
}

// take returns the first fault that matches, and uses it up by one.
func (q *queue) take(method string, r *http.Request) (Fault, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := 0; i < len(q.faults); i++ {
		f := q.faults[i]
		if !f.matches(method, r) {
			continue
		}
		if l, ok := f.Do.(lasting); ok && l.over(r) {
			q.faults = slices.Delete(q.faults, i, i+1)
			i--
			continue
		}
		switch {
		case f.Times == 1:
			q.faults = slices.Delete(q.faults, i, i+1)
		case f.Times != Always:
			q.faults[i].Times--
		}
		return f, true
	}
	return Fault{}, false
}

func (f Fault) matches(method string, r *http.Request) bool {
	if f.Method != "" && f.Method != method || f.Match != nil && !f.Match(r) {
		return false
	}
	c, ok := f.Do.(choosy)
	return !ok || c.wants(r)
}

// spoil puts the queue in front of tusd.
func (s *Server) spoil(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := s.faults.take(method(r), r)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		if f.Do == nil {
			f.Do = Chain()
		}
		name := actionName(f.Do)
		if e := exchangeOf(r); e != nil {
			e.setFault(name)
		}
		s.cfg.Logger.InfoContext(r.Context(), "fault", "method", method(r), "path", r.URL.Path, "fault", name)
		f.Do.Serve(w, r, next)
	})
}
