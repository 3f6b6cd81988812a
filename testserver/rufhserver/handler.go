package rufhserver

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// folder is the path of the uploads below the base path. Every other path is a target.
const folder = "uploads/"

// handler answers requests to targets and to uploads.
type handler struct {
	cfg Config

	mu      sync.Mutex
	uploads map[string]*upload // by path
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := rufh.ParseRequest(r.Header)
	allowOrigin(w.Header(), r.Header)
	switch {
	case isPreflight(r):
		preflight(w, r)
	case strings.HasPrefix(r.URL.Path, h.base()+folder):
		h.serveUpload(w, r, q) //nolint:contextcheck // r has the context.
	case r.Method == http.MethodOptions && q.Complete == rufh.Unstated:
		h.discover(w, q)
	case q.Complete == rufh.Unstated || !h.accepts(q.Version):
		h.cfg.Target.ServeHTTP(w, r)
	default:
		h.create(w, r, q) //nolint:contextcheck // r has the context.
	}
}

// base returns the base path, as testserver completes it.
func (h *handler) base() string {
	base := cmp.Or(h.cfg.Server.BasePath, "/files/")
	return strings.TrimRight("/"+strings.TrimLeft(base, "/"), "/") + "/"
}

func (h *handler) accepts(v rufh.Version) bool { return slices.Contains(h.cfg.Versions, v) }

// discover answers OPTIONS with the limits (-13, section 4.1.4) and the version that the server
// speaks with the client: that of the client, or else its newest one.
func (h *handler) discover(w http.ResponseWriter, q rufh.Request) {
	v := q.Version
	if !h.accepts(v) {
		v = slices.Max(h.cfg.Versions)
	}
	h.respond(w, v, http.StatusNoContent, rufh.Response{Version: v, Limits: h.limits(v)})
}

// limits returns what to announce to a client of version v. nil: the version has no limits.
func (h *handler) limits(v rufh.Version) *protocol.Limits {
	if v < 6 {
		return nil
	}
	return &h.cfg.Limits
}

// respond writes the fields of r and the status. It panics if the server makes a response
// that cannot be written.
func (h *handler) respond(w http.ResponseWriter, v rufh.Version, status int, r rufh.Response) {
	if err := r.SetHeader(v, w.Header()); err != nil {
		panic(err)
	}
	w.WriteHeader(status)
}

// add stores a new upload, and returns its path.
func (h *handler) add(u *upload) string {
	path := h.base() + folder + rand.Text()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.uploads[path] = u
	return path
}

// find returns the upload at path, or nil.
func (h *handler) find(path string) *upload {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.uploads[path]
}

func (h *handler) remove(path string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.uploads, path)
}

func (h *handler) paths() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.uploads))
}
