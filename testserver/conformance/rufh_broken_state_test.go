package conformance_test

import (
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// sameURLs gives an upload the URL of the upload before, if no request came between.
func sameURLs() wrap {
	var mu sync.Mutex
	previous := ""
	return both(finals(func(r *http.Request, f *final) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodPost || r.ContentLength > 0 {
			previous = ""
			return
		}
		if previous != "" {
			f.header.Set(protocol.HeaderLocation, previous)
		}
		previous = f.header.Get(protocol.HeaderLocation)
	}), interims(func(_ *http.Request, _ int, h http.Header) bool {
		mu.Lock()
		defer mu.Unlock()
		if previous != "" && h.Get(protocol.HeaderLocation) != "" {
			h.Set(protocol.HeaderLocation, previous)
		}
		return true
	}))
}

// reusedURLs gives an upload the URL of the one that was deleted last.
func reusedURLs() wrap {
	var mu sync.Mutex
	free, aliases := "", map[string]string{} // real paths by public path
	var at string                            // public URL of the creation in progress
	return both(received(func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		at = ""
		if r.Method == http.MethodDelete {
			free = r.URL.Path
		}
		if path, ok := aliases[r.URL.Path]; ok {
			u := *r.URL
			u.Path = path
			r.URL = &u
		}
	}), both(finals(func(r *http.Request, f *final) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPost && at != "" && f.header.Get(protocol.HeaderLocation) != "" {
			f.header.Set(protocol.HeaderLocation, at)
		}
	}), interims(func(r *http.Request, _ int, h http.Header) bool {
		mu.Lock()
		defer mu.Unlock()
		if location := h.Get(protocol.HeaderLocation); r.Method == http.MethodPost && location != "" && free != "" {
			host, path, _ := strings.Cut(location, "/files/")
			aliases[free], at, free = "/files/"+path, host+free, ""
			h.Set(protocol.HeaderLocation, at)
		}
		return true
	})))
}

// decreasing lowers the offset of uploads that got an empty PATCH.
func decreasing() wrap {
	var mu sync.Mutex
	emptied := map[string]bool{}
	return finals(func(r *http.Request, f *final) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.Method == http.MethodPatch && r.ContentLength == 0 && !completes(r):
			emptied[r.URL.Path] = true
		case r.Method == http.MethodHead && emptied[r.URL.Path] && f.header.Get(headerOffset) != "0":
			f.header.Set(headerOffset, "1")
		}
	})
}

// wrongLengths is wrong about the lengths that creations declare.
func wrongLengths() wrap {
	var mu sync.Mutex
	declared := map[string]bool{}
	return finals(func(r *http.Request, f *final) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.Method == http.MethodPost && r.Header.Get(headerLength) != "":
			declared[f.path()] = true
		case r.Method == http.MethodHead && declared[r.URL.Path] && f.header.Get(headerLength) != "":
			f.header.Set(headerLength, f.header.Get(headerLength)+"0")
		}
	})
}

// outdated has the offset 0 in answers to HEAD while a PATCH is in progress.
func outdated() wrap {
	var mu sync.Mutex
	busy := map[string]int{}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count := func(n int) (before int) {
				mu.Lock()
				defer mu.Unlock()
				before = busy[r.URL.Path]
				busy[r.URL.Path] += n
				return before
			}
			if r.Method == http.MethodPatch {
				count(1)
				defer count(-1)
			}
			stale := r.Method == http.MethodHead && count(0) > 0
			finals(func(_ *http.Request, f *final) {
				if stale {
					f.header.Set(headerOffset, "0")
				}
			})(next).ServeHTTP(w, r)
		})
	}
}

// undead answers HEAD of an upload that has become invalid.
func undead() wrap {
	var mu sync.Mutex
	refused := map[string]bool{}
	return finals(func(r *http.Request, f *final) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.Method == http.MethodPatch && f.status == http.StatusBadRequest:
			refused[r.URL.Path] = true
		case r.Method == http.MethodHead && f.status == http.StatusNotFound && refused[r.URL.Path]:
			f.status = http.StatusNoContent
			f.header.Set(headerOffset, "8")
		}
	})
}

// careless acknowledges a PATCH that comes while another one is in progress, and drops its
// content.
func careless() wrap {
	var mu sync.Mutex
	busy := map[string]int{}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPatch {
				next.ServeHTTP(w, r)
				return
			}
			mu.Lock()
			busy[r.URL.Path]++
			second := busy[r.URL.Path] > 1
			mu.Unlock()
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				busy[r.URL.Path]--
			}()
			if second {
				w.Header().Set(headerComplete, "?0")
				w.WriteHeader(http.StatusNoContent)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// hidden answers DELETE by itself, and no request after it.
func hidden() wrap {
	var mu sync.Mutex
	deleted := map[string]bool{}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			gone := deleted[r.URL.Path]
			if r.Method == http.MethodDelete {
				deleted[r.URL.Path] = true
			}
			mu.Unlock()
			switch {
			case gone:
				w.WriteHeader(http.StatusNotFound)
			case r.Method == http.MethodDelete:
				w.WriteHeader(http.StatusNoContent)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

// lateAnnouncements sends the 104s of an optimistic creation after its content.
func lateAnnouncements(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !completes(r) {
			next.ServeHTTP(w, r)
			return
		}
		var held []http.Header
		finals(func(_ *http.Request, _ *final) {
			for _, h := range held {
				clear(w.Header())
				maps.Copy(w.Header(), h)
				w.WriteHeader(rufh.StatusResumptionSupported)
			}
		})(interims(func(_ *http.Request, _ int, h http.Header) bool {
			held = append(held, h.Clone())
			return false
		})(next)).ServeHTTP(w, r)
	})
}
