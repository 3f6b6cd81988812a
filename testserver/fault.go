package testserver

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/testserver/internal/httpmsg"
)

// Always is the value of Fault.Times for a fault without a limit.
const Always = math.MaxInt

// Fault applies an action to matching requests.
type Fault struct {
	// Method is the method of matching requests, after X-HTTP-Method-Override.
	// "": any method.
	Method string

	// Match selects requests among those with Method. The server calls Match
	// for one request at a time. Match must not block and must not call methods
	// of the Server. nil: all requests.
	Match func(*http.Request) bool

	// Times is the number of requests that the fault applies to, or [Always]. 0
	// or less: one request. [Locked] and [UntilTokenChanges] end by themselves:
	// for them, 0 or less means no limit, and their fault leaves the queue when
	// they end, even if Times is not used up.
	Times int

	// Do is the action. nil: tusd answers as usual.
	Do Action
}

// Action handles a request in the place of tusd, which is next. An action may
// answer by itself, call next once with the same or another request and writer,
// or panic with [http.ErrAbortHandler] to end the connection without an answer.
// A writer that wraps w must have an Unwrap method for
// [http.ResponseController], because tusd sets deadlines through it.
//
// The answer of an action has the headers of CORS that tusd would send, so that
// pages of other origins see its status. An action can change or remove them.
//
// Serve is called concurrently, and must return when the context of r ends.
// Actions of this package use the [Server] that they run in. In another server,
// Forget and RewindTo do nothing, SlowFinish does not recognize a PATCH, and
// BlackHole ends with the context of the request.
//
// Some actions, such as [BodyLimit], apply to some requests only. Their fault
// does not match other requests.
type Action interface {
	Serve(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// ActionFunc is an [Action] made of a function.
type ActionFunc func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Serve calls f.
func (f ActionFunc) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	f(w, r, next)
}

// String returns "ActionFunc".
func (ActionFunc) String() string { return "ActionFunc" }

// Chain combines actions for one request. The first action is the outermost:
// its next is the second action, and the next of the last action is tusd. A
// fault with a Chain ignores the conditions of its actions: it matches requests
// by its own fields, and ends after Times requests.
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

// endingAction is an action that ends by itself. After its end, Serve passes
// requests to next. The queue removes a fault whose action has ended.
type endingAction interface {
	Action
	// ended reports whether the action has ended before r.
	ended(r *http.Request) bool
}

// filteredAction is an action for some requests only. Serve passes other
// requests to next. The queue does not take the fault for them.
type filteredAction interface {
	Action
	appliesTo(r *http.Request) bool
}

// action is an [Action] with a name for [Request].Fault.
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

// Inject appends faults to the queue.
func (s *Server) Inject(faults ...Fault) { s.faults.add(faults) }

// InjectFirst puts faults in front of the queue, so that they apply before those
// that were injected earlier.
func (s *Server) InjectFirst(faults ...Fault) { s.faults.addFirst(faults) }

// Pending returns the faults that are still in the queue, in order. Times is
// the number of requests that each fault still applies to.
func (s *Server) Pending() []Fault { return s.faults.pending() }

// queue holds the injected faults. The zero value is an empty queue.
type queue struct {
	mu     sync.Mutex
	faults []Fault
}

func (q *queue) add(faults []Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = append(q.faults, withTimes(faults)...)
}

func (q *queue) addFirst(faults []Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = slices.Concat(withTimes(faults), q.faults)
}

// withTimes returns a copy of faults in which Times is the number of requests.
func withTimes(faults []Fault) []Fault {
	faults = slices.Clone(faults)
	for i, f := range faults {
		if _, ok := f.Do.(endingAction); ok && f.Times <= 0 {
			faults[i].Times = Always
		}
		faults[i].Times = max(faults[i].Times, 1)
	}
	return faults
}

func (q *queue) pending() []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.faults)
}

// take returns the first fault that matches, and decrements its Times.
func (q *queue) take(method string, r *http.Request) (Fault, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := 0; i < len(q.faults); i++ {
		f := q.faults[i]
		if !f.matches(method, r) {
			continue
		}
		if l, ok := f.Do.(endingAction); ok && l.ended(r) {
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
	c, ok := f.Do.(filteredAction)
	return !ok || c.appliesTo(r)
}

// injectFaults puts the queue of faults in front of next.
func (s *Server) injectFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := s.faults.take(httpmsg.Method(r), r)
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
		s.cfg.Logger.InfoContext(r.Context(), "fault", "method", httpmsg.Method(r), "path", r.URL.Path, "fault", name)
		serveWithCORS(w, r, f.Do, next)
	})
}
