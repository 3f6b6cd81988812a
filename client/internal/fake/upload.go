package fake

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

// upload is what the server keeps, guarded by Server.mu.
type upload struct {
	data     []byte
	length   protocol.Length
	metadata protocol.Metadata
	concat   protocol.Concat
}

func (u *upload) state() protocol.State {
	return protocol.State{
		Offset: int64(len(u.data)), Length: u.length, Metadata: u.metadata, Concat: u.concat,
	}
}

// Bytes are those kept of the upload at rawURL, nil where there is none.
func (s *Server) Bytes(rawURL string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.uploads[pathOf(rawURL)]; u != nil {
		return append([]byte{}, u.data...)
	}
	return nil
}

// State is that of the upload at rawURL, the zero value where there is none.
func (s *Server) State(rawURL string) protocol.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.uploads[pathOf(rawURL)]; u != nil {
		return u.state()
	}
	return protocol.State{}
}

// Put makes an upload that holds data and returns its URL.
func (s *Server) Put(data string, length protocol.Length, metadata protocol.Metadata) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.add(&upload{data: []byte(data), length: length, metadata: metadata})
	return strings.TrimSuffix(s.URL, "/files/") + path
}

// Truncate makes the upload at rawURL forget all but its first n bytes.
func (s *Server) Truncate(rawURL string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.uploads[pathOf(rawURL)]; u != nil {
		u.data = u.data[:min(n, len(u.data))]
	}
}

// add keeps an upload and gives its path.
func (s *Server) add(u *upload) string {
	s.created++
	path := "/files/" + strconv.Itoa(s.created)
	s.uploads[path] = u
	return path
}

func pathOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Path
}

// An answer is a status, the headers that go with it, and the words for an
// error. It is made under the lock and written without.
type answer struct {
	status int
	words  string
	header http.Header
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	var a answer
	if r.Method == http.MethodPatch {
		a = s.patch(r)
	} else {
		a = s.answer(r)
	}
	protocol.SetVersion(w.Header())
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	if a.words != "" {
		_, _ = io.WriteString(w, a.words+"\n")
	}
}

// answer is that to anything but PATCH, whose body takes its time.
func (s *Server) answer(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := answer{status: http.StatusNoContent, header: http.Header{}}
	switch r.Method {
	case http.MethodOptions:
		c := protocol.Capabilities{Versions: []string{protocol.Version}, Extensions: s.config.Extensions}
		return a.of(c.SetHeader(a.header))
	case http.MethodPost:
		return s.create(r)
	}
	u := s.uploads[r.URL.Path]
	if u == nil {
		return notFound()
	}
	if r.Method == http.MethodDelete {
		if !s.has(protocol.ExtensionTermination) {
			return answer{status: http.StatusNotImplemented, words: "ERR_NOT_IMPLEMENTED: termination"}
		}
		delete(s.uploads, r.URL.Path)
		return a
	}
	a.status = http.StatusOK
	return a.of(u.state().SetHeader(a.header))
}

// of is a, or an answer that says what stood in its way.
func (a answer) of(err error) answer {
	if err != nil {
		return answer{status: http.StatusInternalServerError, words: err.Error()}
	}
	return a
}

func notFound() answer {
	return answer{status: http.StatusNotFound, words: "ERR_UPLOAD_NOT_FOUND: upload not found"}
}

func (s *Server) has(e protocol.Extension) bool { return slices.Contains(s.config.Extensions, e) }

func (s *Server) create(r *http.Request) answer {
	u := &upload{}
	// Flaws in these headers were answered before.
	u.metadata, _ = protocol.ParseMetadata(r.Header.Get(protocol.HeaderUploadMetadata))
	u.concat, _ = protocol.ParseConcat(r.Header.Get(protocol.HeaderUploadConcat))
	deferred := r.Header.Get(protocol.HeaderUploadDeferLength) != ""
	if u.concat.Kind != protocol.ConcatNone && !s.has(protocol.ExtensionConcatenation) ||
		deferred && !s.has(protocol.ExtensionCreationDeferLength) {
		return answer{status: http.StatusNotImplemented, words: "ERR_NOT_IMPLEMENTED: feature not implemented"}
	}
	switch {
	case u.concat.Kind == protocol.ConcatFinal:
		for _, part := range u.concat.Parts {
			p := s.uploads[pathOf(part)]
			if p == nil || p.concat.Kind != protocol.ConcatPartial || !p.state().Complete() {
				return answer{status: http.StatusBadRequest, words: fmt.Sprintf("ERR_INVALID_CONCAT: %q is no complete part", part)}
			}
			u.data = append(u.data, p.data...)
		}
		u.length = protocol.Known(int64(len(u.data)))
	case !deferred:
		u.length, _ = protocol.ParseLength(r.Header.Get(protocol.HeaderUploadLength))
	}
	location := s.add(u)
	if s.config.Location != nil {
		location = s.config.Location(location)
	}
	return answer{status: http.StatusCreated, header: http.Header{protocol.HeaderLocation: {location}}}
}

// patch keeps whatever arrives of the body, also when it breaks off.
func (s *Server) patch(r *http.Request) answer {
	if a, ok := s.mayPatch(r); !ok {
		return a
	}
	var body bytes.Buffer
	_, _ = io.Copy(&body, r.Body)

	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[r.URL.Path]
	if u == nil {
		return notFound()
	}
	u.data = append(u.data, body.Bytes()...)
	return answer{status: http.StatusNoContent, header: http.Header{
		protocol.HeaderUploadOffset: {strconv.Itoa(len(u.data))},
	}}
}

func (s *Server) mayPatch(r *http.Request) (answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[r.URL.Path]
	if u == nil {
		return notFound(), false
	}
	if u.concat.Kind == protocol.ConcatFinal {
		return answer{status: http.StatusForbidden, words: "ERR_MODIFY_FINAL: modifying a final upload is not allowed"}, false
	}
	if r.Header.Get(protocol.HeaderUploadOffset) != strconv.Itoa(len(u.data)) {
		return answer{status: http.StatusConflict, words: "ERR_MISMATCHED_OFFSET: mismatched offset"}, false
	}
	if v := r.Header.Get(protocol.HeaderUploadLength); v != "" {
		if u.length != (protocol.Length{}) {
			s.violations = append(s.violations, "PATCH declares a length again")
			return answer{status: http.StatusBadRequest, words: "ERR_INVALID_UPLOAD_LENGTH: invalid Upload-Length"}, false
		}
		u.length, _ = protocol.ParseLength(v)
	}
	if n, ok := u.length.Int64(); ok && int64(len(u.data))+r.ContentLength > n {
		return answer{status: http.StatusRequestEntityTooLarge, words: "ERR_UPLOAD_SIZE_EXCEEDED: upload's size exceeded"}, false
	}
	return answer{}, true
}
