// Package exemplar is a tus server in memory that follows every sentence of the
// specification and has all extensions. The server passes all rules. Tests of a
// rule break it in one way, and the rule must detect that.
package exemplar

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Endpoint is the URL at which uploads are created.
const Endpoint = "http://tus.example/files/"

const versions = "1.0.0,0.2.2"

// Config is the set of capabilities of a Server.
type Config struct {
	Extensions []protocol.Extension // nil: none
	Algorithms []string             // of checksums; nil: none
	MaxSize    int64                // 0: no limit
	Lifetime   time.Duration        // of incomplete uploads; 0: no expiration
}

// Full returns a Config with all extensions.
func Full() Config {
	return Config{
		Extensions: []protocol.Extension{
			protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload, protocol.ExtensionCreationDeferLength,
			protocol.ExtensionExpiration, protocol.ExtensionChecksum, protocol.ExtensionChecksumTrailer,
			protocol.ExtensionTermination, protocol.ExtensionConcatenation, protocol.ExtensionConcatenationUnfinished,
		},
		Algorithms: []string{"sha1", "md5", "crc32", "sha256", "sha512"},
		MaxSize:    1 << 20,
		Lifetime:   5 * time.Second,
	}
}

// Server is an [http.Handler] for tus. It is safe for concurrent use.
type Server struct {
	Config

	mu      sync.Mutex
	uploads map[string]*Upload
	made    int
}

// Upload is an upload of a Server. If Removed is set, requests for the upload
// get 404.
type Upload struct {
	Data     []byte
	Length   protocol.Length
	Metadata string
	Concat   string
	Expires  time.Time
	Parts    []*Upload // of a final upload
	Removed  bool
}

// New returns a server without uploads.
func New(c Config) *Server { return &Server{Config: c, uploads: make(map[string]*Upload)} }

// Upload returns the upload with the path of u. nil: there is none.
func (s *Server) Upload(u *url.URL) *Upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uploads[u.Path]
}

// Len returns the number of uploads that are not removed.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, u := range s.uploads {
		if !u.Removed {
			n++
		}
	}
	return n
}

func (s *Server) has(e protocol.Extension) bool { return slices.Contains(s.Extensions, e) }

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method := r.Method
	if override := r.Header.Get(protocol.HeaderMethodOverride); override != "" {
		method = override
	}
	h := w.Header()
	h.Set(protocol.HeaderResumable, protocol.Version)
	if method == http.MethodOptions {
		s.options(w)
		return
	}
	if r.Header.Get(protocol.HeaderResumable) != protocol.Version {
		h.Set(protocol.HeaderVersion, versions)
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	if r.URL.Path == "/files/" {
		if method == http.MethodPost && s.has(protocol.ExtensionCreation) {
			s.create(w, r)
		} else {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
		return
	}
	u := s.uploads[r.URL.Path]
	switch {
	case u == nil, u.Removed:
		w.WriteHeader(http.StatusNotFound)
	case u.expired():
		w.WriteHeader(http.StatusGone)
	case method == http.MethodHead:
		s.head(w, u)
	case method == http.MethodPatch:
		s.patch(w, r, u)
	case method == http.MethodGet:
		_, _ = w.Write(u.content())
	case method == http.MethodDelete && s.has(protocol.ExtensionTermination):
		u.Removed = true
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (s *Server) options(w http.ResponseWriter) {
	h := w.Header()
	h.Set(protocol.HeaderVersion, versions)
	if len(s.Extensions) > 0 {
		names := make([]string, len(s.Extensions))
		for i, e := range s.Extensions {
			names[i] = string(e)
		}
		h.Set(protocol.HeaderExtension, strings.Join(names, ","))
	}
	if s.has(protocol.ExtensionChecksum) {
		h.Set(protocol.HeaderChecksumAlgorithm, strings.Join(s.Algorithms, ","))
	}
	if s.MaxSize > 0 {
		h.Set(protocol.HeaderMaxSize, strconv.FormatInt(s.MaxSize, 10))
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) head(w http.ResponseWriter, u *Upload) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if !u.final() || u.complete() {
		h.Set(protocol.HeaderUploadOffset, strconv.Itoa(len(u.content())))
	}
	if n, ok := u.length().Int64(); ok {
		h.Set(protocol.HeaderUploadLength, strconv.FormatInt(n, 10))
	} else if !u.final() {
		h.Set(protocol.HeaderUploadDeferLength, "1")
	}
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set(protocol.HeaderUploadMetadata, u.Metadata)
	set(protocol.HeaderUploadConcat, u.Concat)
	u.setExpires(h)
	w.WriteHeader(http.StatusOK)
}
