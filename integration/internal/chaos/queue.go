//go:build linux

package chaos

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// queue gives items to the workers of [Simple] over HTTP. It is part of the process of the
// test, so it is never killed. A claim that is not renewed ends after the lease.
type queue struct {
	address string
	server  *http.Server
	lease   time.Duration

	mu      sync.Mutex
	waiting []string
	claims  map[string]claimed // by item
	next    int
	left    int // items that are not done
	results []Result
}

type claimed struct {
	token int
	until time.Time
}

// claim is an item that a worker may upload, as JSON.
type claim struct {
	Item  string
	Token int
	Lease time.Duration
	URL   string // of the result
}

func startQueue(items []Item, lease time.Duration) (*queue, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address) //nolint:noctx // Close ends it.
	if err != nil {
		return nil, err
	}
	q := &queue{address: address, lease: lease, left: len(items), claims: make(map[string]claimed)}
	for _, item := range items {
		q.waiting = append(q.waiting, item.Name)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /claim", q.claim)
	mux.HandleFunc("POST /renew", q.renew)
	mux.HandleFunc("POST /result", q.result)
	mux.HandleFunc("POST /ack", q.ack)
	q.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute, ErrorLog: quietLog}
	go func() { _ = q.server.Serve(l) }()
	return q, nil
}

// claim answers with an item, with 204 if there is none now, and with 410 if all are done.
func (q *queue) claim(w http.ResponseWriter, _ *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for item, c := range q.claims {
		if now.After(c.until) {
			delete(q.claims, item)
			q.waiting = slices.Insert(q.waiting, 0, item)
		}
	}
	switch {
	case q.left == 0:
		w.WriteHeader(http.StatusGone)
	case len(q.waiting) == 0:
		w.WriteHeader(http.StatusNoContent)
	default:
		q.next++
		item := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.claims[item] = claimed{token: q.next, until: now.Add(q.lease)}
		_ = json.NewEncoder(w).Encode(claim{Item: item, Token: q.next, Lease: q.lease})
	}
}

// held calls f if the claim of the request is still the newest one of its item.
func (q *queue) held(w http.ResponseWriter, r *http.Request, f func(claim)) {
	var c claim
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.claims[c.Item].token != c.Token {
		http.Error(w, "another worker has the item", http.StatusConflict)
		return
	}
	f(c)
}

func (q *queue) renew(w http.ResponseWriter, r *http.Request) {
	q.held(w, r, func(c claim) { q.claims[c.Item] = claimed{token: c.Token, until: time.Now().Add(q.lease)} })
}

// result keeps the first result of an item.
func (q *queue) result(w http.ResponseWriter, r *http.Request) {
	q.held(w, r, func(c claim) {
		for _, was := range q.results {
			if was.Name == c.Item {
				return
			}
		}
		q.results = append(q.results, Result{Name: c.Item, URL: c.URL})
	})
}

func (q *queue) ack(w http.ResponseWriter, r *http.Request) {
	q.held(w, r, func(c claim) {
		delete(q.claims, c.Item)
		q.left--
	})
}
