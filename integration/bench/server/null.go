package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
	"github.com/tusker-go/tusker/protocol"
)

const basePath = "/files/"

// null is a tus server that counts the bytes of uploads and does not store them.
type null struct {
	counts
	buffers sync.Pool

	mu      sync.Mutex
	uploads map[string]*upload
	created int
}

// upload is locked while a request uses it, as in tusd.
type upload struct {
	mu     sync.Mutex
	offset int64
	length protocol.Length
	part   bool
}

func startNull(tls, http2 bool) (control.Ready, counter, func(), error) {
	n := newNull()
	s := httptest.NewUnstartedServer(n.wrap(n))
	if !tls {
		s.Start()
		return control.Ready{URL: s.URL + basePath, Address: hostOf(s.URL)}, n, s.Close, nil
	}
	s.EnableHTTP2 = http2
	s.StartTLS()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return control.Ready{URL: s.URL + basePath, Address: hostOf(s.URL), CA: string(ca)}, n, s.Close, nil
}

func newNull() *null {
	// A large buffer keeps the CPU time of the server small.
	n := &null{buffers: sync.Pool{New: func() any { return new([256 << 10]byte) }}}
	_ = n.reset()
	return n
}

func hostOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Host
}

func (n *null) reset() error {
	n.counts.reset()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.uploads, n.created = make(map[string]*upload), 0
	return nil
}

func (n *null) stats() (control.Stats, error) {
	stats := n.counts.stats()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, u := range n.uploads {
		u.mu.Lock()
		if length, ok := u.length.Int64(); ok && u.offset == length && !u.part {
			stats.Files++
			stats.Stored += u.offset
		}
		u.mu.Unlock()
	}
	return stats, nil
}

func (n *null) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/")+"/", basePath)
	id = strings.TrimSuffix(id, "/")
	switch {
	case !ok:
		http.NotFound(w, r)
	case r.Method == http.MethodOptions:
		n.options(w)
	case r.Method == http.MethodPost && id == "":
		n.create(w, r)
	default:
		n.mu.Lock()
		u := n.uploads[id]
		n.mu.Unlock()
		if u == nil {
			http.NotFound(w, r)
			return
		}
		u.mu.Lock()
		defer u.mu.Unlock()
		n.one(w, r, id, u)
	}
}

func (n *null) options(w http.ResponseWriter) {
	_ = protocol.Capabilities{
		Versions: []string{protocol.Version},
		Extensions: []protocol.Extension{
			protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload, protocol.ExtensionCreationDeferLength,
			protocol.ExtensionTermination, protocol.ExtensionConcatenation,
		},
	}.SetHeader(w.Header())
	w.WriteHeader(http.StatusNoContent)
}

func (n *null) create(w http.ResponseWriter, r *http.Request) {
	concat, err := protocol.ParseConcat(r.Header.Get(protocol.HeaderUploadConcat))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	u := &upload{part: concat.Kind == protocol.ConcatPartial}
	switch text := r.Header.Get(protocol.HeaderUploadLength); {
	case concat.Kind == protocol.ConcatFinal:
		total, ok := n.join(concat.Parts)
		if !ok {
			http.Error(w, "a part is missing or not whole", http.StatusBadRequest)
			return
		}
		u.offset, u.length = total, protocol.Known(total)
	case text != "":
		if u.length, err = protocol.ParseLength(text); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	n.mu.Lock()
	n.created++
	id := strconv.Itoa(n.created)
	n.uploads[id] = u
	n.mu.Unlock()
	w.Header().Set(protocol.HeaderLocation, basePath+id)
	if r.Header.Get(protocol.HeaderContentType) != protocol.ContentType {
		protocol.SetVersion(w.Header())
		w.WriteHeader(http.StatusCreated)
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	n.take(w, r, u, http.StatusCreated)
}

// join returns the sum of the lengths of all parts.
func (n *null) join(parts []string) (total int64, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, part := range parts {
		u := n.uploads[part[strings.LastIndexByte(part, '/')+1:]]
		if u == nil {
			return 0, false
		}
		u.mu.Lock()
		length, known := u.length.Int64()
		offset := u.offset
		u.mu.Unlock()
		if !known || offset != length {
			return 0, false
		}
		total += length
	}
	return total, true
}

// one answers a request for one upload, which is locked.
func (n *null) one(w http.ResponseWriter, r *http.Request, id string, u *upload) {
	switch r.Method {
	case http.MethodHead:
		w.Header().Set("Cache-Control", "no-store")
		if err := (protocol.State{Offset: u.offset, Length: u.length}).SetHeader(w.Header()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	case http.MethodPatch:
		offset, err := protocol.ParseOffset(r.Header.Get(protocol.HeaderUploadOffset))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if offset != u.offset {
			http.Error(w, "offset is "+strconv.FormatInt(u.offset, 10), http.StatusConflict)
			return
		}
		if text := r.Header.Get(protocol.HeaderUploadLength); text != "" {
			if u.length, err = protocol.ParseLength(text); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		n.take(w, r, u, http.StatusNoContent)
	case http.MethodDelete:
		n.mu.Lock()
		delete(n.uploads, id)
		n.mu.Unlock()
		protocol.SetVersion(w.Header())
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// take counts the body and answers.
func (n *null) take(w http.ResponseWriter, r *http.Request, u *upload, status int) {
	buf := n.buffers.Get().(*[256 << 10]byte)
	defer n.buffers.Put(buf)
	// io.CopyBuffer uses the buffer only if neither WriteTo nor ReadFrom is
	// available.
	got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r.Body, buf[:])
	u.offset += got
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if length, ok := u.length.Int64(); ok && u.offset > length {
		http.Error(w, "more than was announced", http.StatusRequestEntityTooLarge)
		return
	}
	protocol.SetVersion(w.Header())
	w.Header().Set(protocol.HeaderUploadOffset, strconv.FormatInt(u.offset, 10))
	w.WriteHeader(status)
}
