package doctor_test

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/doctor"
	"github.com/tusker-go/tusker/testserver"
)

// examined is the report on a site, and the checks besides its own that the fault
// affects.
type examined struct {
	report *doctor.Report
	also   []string
}

func examining(s site) func(t *testing.T) examined {
	return func(t *testing.T) examined {
		t.Helper()
		return examined{s.examine(t), s.also}
	}
}

// sites returns a site for each class of fault.
func sites() map[string]func(t *testing.T) examined {
	out := map[string]func(t *testing.T) examined{
		"the name of the host has no address": func(t *testing.T) examined {
			t.Helper()
			return examined{site{}.run(t, "http://no..such..host/files/"), nil}
		},
		"nothing accepts connections": func(t *testing.T) examined {
			t.Helper()
			return examined{site{}.run(t, "http://"+closedPort(t)+"/files/"), nil}
		},
	}
	for _, some := range []map[string]site{addressSites(), locationSites(), bodySites(), requestSites()} {
		for fault, s := range some {
			out[fault] = examining(s)
		}
	}
	maps.Copy(out, certificateSites())
	return out
}

// closedPort returns an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It is closed at once.
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// addressSites have a fault that the first request finds.
func addressSites() map[string]site {
	return map[string]site{
		"no TLS to another machine": named("tus.example"),
		"the endpoint redirects to another address": {proxy: around(func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://tus.example/new/", http.StatusMovedPermanently)
			return true
		})},
		"the clocks differ (`Date`)": {proxy: rewriting("OPTIONS", func(h http.Header) {
			h.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		})},
		"a firewall drops OPTIONS, so uploads start 4 s later": {limit: 2 * time.Second, also: []string{"size"}, proxy: around(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodOptions {
				return false
			}
			<-r.Context().Done()
			return true
		})},
		"the server wants credentials": {proxy: around(func(w http.ResponseWriter, _ *http.Request) bool {
			return page(w, http.StatusUnauthorized, "who are you?")
		})},
		"the site is not a tus server": {also: []string{"options", "create"}, proxy: around(func(w http.ResponseWriter, _ *http.Request) bool {
			return page(w, http.StatusOK, "welcome")
		})},
	}
}

// locationSites have a fault of the Location.
func locationSites() map[string]site {
	return map[string]site{
		"the Location is on another origin that knows the upload": {proxy: rewriting("POST", func(h http.Header) {
			h.Set("Location", strings.Replace(h.Get("Location"), "127.0.0.1", "localhost", 1))
		})},
		"the Location is on another origin that cannot be reached": {also: []string{"cleanup"}, proxy: rewriting("POST", func(h http.Header) {
			h.Set("Location", "http://127.0.0.1:1/files/1")
		})},
		"a proxy strips a prefix of the path from the Location": {
			also:     []string{"cleanup"},
			endpoint: func(at string) string { return strings.Replace(at, "/files/", "/tus/files/", 1) },
			proxy: func(next http.Handler) http.Handler {
				return http.StripPrefix("/tus", next) // answers 404 without the prefix
			},
		},
		"the Location leads to a page": {
			also:     []string{"cleanup"},
			endpoint: func(at string) string { return strings.Replace(at, "/files/", "/tus/files/", 1) },
			proxy: func(next http.Handler) http.Handler {
				stripped := http.StripPrefix("/tus", next)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasPrefix(r.URL.Path, "/tus/") {
						stripped.ServeHTTP(w, r)
						return
					}
					page(w, http.StatusOK, "welcome")
				})
			},
		},
		"the server finds an upload only some time after its creation": {proxy: func(next http.Handler) http.Handler {
			var mu sync.Mutex
			misses := 0
			return around(func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if r.Method != http.MethodHead || misses == 2 {
					return false
				}
				misses++
				http.NotFound(w, r)
				return true
			})(next)
		}},
		"a load balancer finds the server by a cookie (sticky sessions)": {proxy: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := r.Cookie("SERVERID")
				switch {
				case r.Method == http.MethodPost:
					http.SetCookie(w, &http.Cookie{Name: "SERVERID", Value: "a"})
				case r.Method != http.MethodOptions && err != nil:
					http.NotFound(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
	}
}

// limit refuses bodies above n bytes.
func limit(n int64, refuse func(w http.ResponseWriter, r *http.Request)) func(http.Handler) http.Handler {
	return around(func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength <= n {
			return false
		}
		refuse(w, r)
		return true
	})
}

// bodySites have a fault that affects bodies.
func bodySites() map[string]site {
	locks, timeouts := new(quickClock), new(quickClock)
	refusing := func(status int) func(http.Handler) http.Handler {
		return around(func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodPatch && page(w, status, "no")
		})
	}
	return map[string]site{
		"a firewall refuses PATCH (405)":           {proxy: refusing(http.StatusMethodNotAllowed)},
		"a firewall does not know PATCH (501)":     {proxy: refusing(http.StatusNotImplemented)},
		"a firewall refuses PATCH by a page (403)": {proxy: refusing(http.StatusForbidden)},
		"a firewall cuts the connection of each PATCH": {proxy: around(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPatch {
				panic(http.ErrAbortHandler)
			}
			return false
		})},
		"a firewall drops each PATCH": {limit: 2 * time.Second, proxy: around(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPatch {
				return false
			}
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return true
		})},
		"a limit for bodies, answered with 413": {also: []string{"keep-alive"}, proxy: limit(100_000, func(w http.ResponseWriter, _ *http.Request) {
			page(w, http.StatusRequestEntityTooLarge, "too large")
		})},
		"a limit for bodies, answered with 5xx": {also: []string{"keep-alive"}, proxy: limit(200_000, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			page(w, http.StatusBadGateway, "bad gateway")
		})},
		"a limit for bodies that cuts the connection": {proxy: limit(100_000, func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		})},
		"a proxy keeps bodies back until they are complete": {also: []string{"resume"}, proxy: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return
				}
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				next.ServeHTTP(w, r)
			})
		}},
		"a cut upload stays locked (423)": {settle: 400 * time.Millisecond, clock: locks, proxy: lockedAfterCut(locks, http.StatusLocked, "")},
		"a cut upload stays locked (500 `ERR_LOCK_TIMEOUT`)": {
			settle: 400 * time.Millisecond, clock: timeouts,
			proxy: lockedAfterCut(timeouts, http.StatusInternalServerError, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout\n"),
		},
		"the upload stays locked all the time": {proxy: around(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPatch {
				return false
			}
			http.Error(w, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout", http.StatusInternalServerError)
			return true
		})},
		"unfinished uploads expire within an hour": {server: testserver.Config{Expiration: time.Minute}},
		"uploads cannot be deleted": {proxy: around(func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodDelete && page(w, http.StatusMethodNotAllowed, "no")
		})},
	}
}

// lockedAfterCut locks an upload while a PATCH is open, and for 2.5 s after a PATCH that
// was cut. A complete PATCH releases the lock before its answer is sent. LockedAfterCut
// answers requests for a locked upload with status.
func lockedAfterCut(clock *quickClock, status int, text string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var mu sync.Mutex
		open := 0
		var until time.Time
		isLocked := func() bool {
			mu.Lock()
			defer mu.Unlock()
			return open > 0 || clock.Now().Before(until)
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodDelete && isLocked() {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, text)
				return
			}
			if r.Method != http.MethodPatch {
				next.ServeHTTP(w, r)
				return
			}
			body := &countedBody{ReadCloser: r.Body}
			r.Body = body
			clock.held.RLock()
			mu.Lock()
			open++
			mu.Unlock()
			release := sync.OnceFunc(func() {
				mu.Lock()
				defer mu.Unlock()
				open--
				if body.n.Load() < r.ContentLength {
					until = clock.Now().Add(2500 * time.Millisecond)
				}
				clock.held.RUnlock()
			})
			defer release()
			next.ServeHTTP(&rewriter{ResponseWriter: w, edit: func(http.Header) { release() }}, r)
		})
	}
}

// countedBody counts the bytes of a body.
type countedBody struct {
	io.ReadCloser
	n atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

// requestSites have a fault that affects HEAD, headers or connections.
func requestSites() map[string]site {
	page400 := "<head><title>400 Request Header Or Cookie Too Large</title></head>"
	large := func(status int, text string) func(http.Handler) http.Handler {
		return around(func(w http.ResponseWriter, r *http.Request) bool {
			n := 0
			for name, values := range r.Header {
				n += len(name) + len(strings.Join(values, "")) + 4
			}
			return n > 8<<10 && page(w, status, text)
		})
	}
	return map[string]site{
		"a cache answers HEAD, but respects `no-cache`":       {proxy: cache(true)},
		"a cache answers HEAD even with `no-cache`":           {proxy: cache(false)},
		"a limit for headers, answered with 431":              {proxy: large(http.StatusRequestHeaderFieldsTooLarge, "")},
		"a limit for headers, answered with the 400 of nginx": {proxy: large(http.StatusBadRequest, page400)},
		"connections that are not used are closed soon":       {idle: 400 * time.Millisecond, pause: 900 * time.Millisecond},
		"a connection dies when it is used again":             {proxy: dying()},
	}
}

// cache is a cache that answers HEAD with the first answer. Polite tells that it
// respects Cache-Control: no-cache.
func cache(polite bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var mu sync.Mutex
		stored := make(map[string]http.Header)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodHead {
				next.ServeHTTP(w, r)
				return
			}
			mu.Lock()
			header, ok := stored[r.URL.Path]
			mu.Unlock()
			if ok && (!polite || r.Header.Get("Cache-Control") != "no-cache") {
				maps.Copy(w.Header(), header)
				w.Header().Set("Age", "7")
				w.WriteHeader(http.StatusOK)
				return
			}
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			mu.Lock()
			stored[r.URL.Path] = answer.Header().Clone()
			mu.Unlock()
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
		})
	}
}

// dying cuts a connection when it is used for a PATCH again.
func dying() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var mu sync.Mutex
		used := make(map[string]bool)
		return around(func(_ http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if used[r.RemoteAddr] && r.Method == http.MethodPatch {
				panic(http.ErrAbortHandler)
			}
			used[r.RemoteAddr] = true
			return false
		})(next)
	}
}

// statuses replaces statuses of answers.
func statuses(by map[int]int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&statusWriter{ResponseWriter: w, status: func(s int) int {
				if other, ok := by[s]; ok {
					return other
				}
				return s
			}}, r)
		})
	}
}

// statusTo replaces the status of successful answers to a method.
func statusTo(method string, status int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method {
				w = &statusWriter{ResponseWriter: w, status: func(s int) int {
					if s == http.StatusNoContent {
						return status
					}
					return s
				}}
			}
			next.ServeHTTP(w, r)
		})
	}
}

type statusWriter struct {
	http.ResponseWriter
	status func(int) int
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
func (w *statusWriter) WriteHeader(status int)      { w.ResponseWriter.WriteHeader(w.status(status)) }

// busy answers the first request of each method but OPTIONS with a lock.
func busy() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var mu sync.Mutex
		seen := make(map[string]bool)
		return around(func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if seen[r.Method] || r.Method == http.MethodOptions {
				return false
			}
			seen[r.Method] = true
			_, _ = io.Copy(io.Discard, r.Body)
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusLocked)
				return true
			}
			http.Error(w, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout", http.StatusInternalServerError)
			return true
		})(next)
	}
}
