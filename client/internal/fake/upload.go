package fake

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// answer is a status, headers, and the text of an error. It is made with the lock held, and
// written without it.
type answer struct {
	status int
	words  string
	header http.Header
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	var a answer
	switch r.Method {
	case http.MethodPatch:
		a = s.patch(r)
	case http.MethodPost:
		a = s.post(r)
	case http.MethodGet:
		s.get(w, r)
		return
	default:
		a = s.answer(r)
	}
	protocol.SetVersion(w.Header())
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	if a.words != "" {
		_, _ = io.WriteString(w, a.words+"\n")
	}
}

// answer handles a request without a body: OPTIONS, HEAD and DELETE.
func (s *Server) answer(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := answer{status: http.StatusNoContent, header: http.Header{}}
	if r.Method == http.MethodOptions {
		c := protocol.Capabilities{
			Versions: []string{protocol.Version}, Extensions: s.config.Extensions, ChecksumAlgorithms: s.config.Checksum,
		}
		return a.of(c.SetHeader(a.header))
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
	u.gather()
	a = a.of(u.state().SetHeader(a.header))
	if u.parts != nil {
		a.header.Del(protocol.HeaderUploadOffset)
	}
	return a
}

// get answers a GET with the bytes of an upload. tus does not define this.
func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	data := s.Bytes(r.URL.Path)
	switch {
	case !s.config.Content:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case data == nil:
		w.WriteHeader(http.StatusNotFound)
	default:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

// of returns a if err is nil, and otherwise a 500 with the text of err.
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

// post creates an upload. It keeps the bytes that arrive, even if the body ends early.
func (s *Server) post(r *http.Request) answer {
	body, _ := read(r)

	s.mu.Lock()
	defer s.mu.Unlock()
	return s.create(r, body)
}

func (s *Server) create(r *http.Request, body []byte) answer {
	u := &upload{data: body}
	// The strict check has already refused headers that cannot be read.
	u.metadata, _ = protocol.ParseMetadata(r.Header.Get(protocol.HeaderUploadMetadata))
	u.concat, _ = protocol.ParseConcat(r.Header.Get(protocol.HeaderUploadConcat))
	deferred := r.Header.Get(protocol.HeaderUploadDeferLength) != ""
	if u.concat.Kind != protocol.ConcatNone && !s.has(protocol.ExtensionConcatenation) ||
		deferred && !s.has(protocol.ExtensionCreationDeferLength) {
		return answer{status: http.StatusNotImplemented, words: "ERR_NOT_IMPLEMENTED: feature not implemented"}
	}
	switch {
	case u.concat.Kind == protocol.ConcatFinal:
		total := int64(0)
		for _, part := range u.concat.Parts {
			p := s.uploads[pathOf(part)]
			if p == nil || p.concat.Kind != protocol.ConcatPartial ||
				!p.state().Complete() && !s.has(protocol.ExtensionConcatenationUnfinished) {
				return answer{status: http.StatusBadRequest, words: fmt.Sprintf("ERR_INVALID_CONCAT: %q is no complete part", part)}
			}
			n, _ := p.length.Int64()
			total += n
			u.parts = append(u.parts, p)
		}
		u.length = protocol.Known(total)
		u.gather()
	case !deferred:
		u.length, _ = protocol.ParseLength(r.Header.Get(protocol.HeaderUploadLength))
	}
	if n, ok := u.length.Int64(); ok && r.ContentLength > n {
		return answer{status: http.StatusRequestEntityTooLarge, words: "ERR_UPLOAD_SIZE_EXCEEDED: upload's size exceeded"}
	}
	location := s.add(u)
	if s.config.Location != nil {
		location = s.config.Location(location)
	}
	a := answer{status: http.StatusCreated, header: http.Header{protocol.HeaderLocation: {location}}}
	if r.Header.Get(protocol.HeaderContentType) != "" && !s.config.NoOffset {
		a.header.Set(protocol.HeaderUploadOffset, strconv.Itoa(len(u.data)))
	}
	return a
}

// patch keeps the bytes that arrive, even if the body ends early. A body with a checksum is
// kept only if it is complete.
func (s *Server) patch(r *http.Request) answer {
	if a, ok := s.mayPatch(r); !ok {
		return a
	}
	body, err := read(r)
	if a, ok := s.agrees(r, body, err); !ok {
		return a
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[r.URL.Path]
	if u == nil {
		return notFound()
	}
	if r.Header.Get(protocol.HeaderUploadOffset) != strconv.Itoa(len(u.data)) {
		return wrongOffset() // another request was faster
	}
	if v := r.Header.Get(protocol.HeaderUploadLength); v != "" {
		u.length, _ = protocol.ParseLength(v)
	}
	u.append(body)
	return answer{status: http.StatusNoContent, header: http.Header{
		protocol.HeaderUploadOffset: {strconv.Itoa(len(u.data))},
	}}
}

// read returns the bytes of the body that arrived. It allocates the announced size at once,
// because the race detector makes growing a buffer slow.
func read(r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > 256<<20 {
		return io.ReadAll(r.Body)
	}
	body := make([]byte, r.ContentLength)
	n, err := io.ReadFull(r.Body, body)
	if err == io.EOF {
		err = nil
	}
	return body[:n], err
}

func wrongOffset() answer {
	return answer{status: http.StatusConflict, words: "ERR_MISMATCHED_OFFSET: mismatched offset"}
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
		return wrongOffset(), false
	}
	length := u.length
	if v := r.Header.Get(protocol.HeaderUploadLength); v != "" {
		if u.length != (protocol.Length{}) {
			s.violations = append(s.violations, "PATCH declares a length again")
			return answer{status: http.StatusBadRequest, words: "ERR_INVALID_UPLOAD_LENGTH: invalid Upload-Length"}, false
		}
		length, _ = protocol.ParseLength(v)
	}
	if n, ok := length.Int64(); ok && int64(len(u.data))+r.ContentLength > n {
		return answer{status: http.StatusRequestEntityTooLarge, words: "ERR_UPLOAD_SIZE_EXCEEDED: upload's size exceeded"}, false
	}
	return answer{}, true
}
