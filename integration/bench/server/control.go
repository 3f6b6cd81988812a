package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
)

// serveControl answers the driver on a separate address, so that its requests are
// not counted with those of the clients.
func serveControl(c counter) (address string, stop func()) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		stats, err := c.stats()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(stats)
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		if err := c.reset(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	s := httptest.NewServer(mux)
	return s.Listener.Addr().String(), s.Close
}
