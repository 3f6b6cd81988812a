package exemplar

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	u := &Upload{Metadata: r.Header.Get(protocol.HeaderUploadMetadata), Concat: r.Header.Get(protocol.HeaderUploadConcat)}
	if status := s.describe(u, r.Header); status != 0 {
		w.WriteHeader(status)
		return
	}
	if s.Lifetime > 0 && s.has(protocol.ExtensionExpiration) {
		u.Expires = time.Now().Add(s.Lifetime).Truncate(time.Second)
	}
	s.made++
	path := fmt.Sprintf("/files/%024x", s.made)
	s.uploads[path] = u
	h := w.Header()
	h.Set(protocol.HeaderLocation, path)
	if s.has(protocol.ExtensionCreationWithUpload) && r.Header.Get(protocol.HeaderContentType) == protocol.ContentType {
		data, _ := io.ReadAll(r.Body)
		u.Data = data
		h.Set(protocol.HeaderUploadOffset, strconv.Itoa(len(data)))
	}
	u.setExpires(h)
	w.WriteHeader(http.StatusCreated)
}

// describe sets u from the headers of a POST. It returns 0, or the status of a
// refusal.
func (s *Server) describe(u *Upload, h http.Header) int {
	if u.Concat != "" && s.has(protocol.ExtensionConcatenation) {
		c, err := protocol.ParseConcat(u.Concat)
		if err != nil {
			return http.StatusBadRequest
		}
		if c.Kind == protocol.ConcatFinal {
			return s.join(u, c.Parts)
		}
	} else {
		u.Concat = ""
	}
	if value := h.Get(protocol.HeaderUploadDeferLength); value != "" {
		if value != "1" || !s.has(protocol.ExtensionCreationDeferLength) {
			return http.StatusBadRequest
		}
		return 0
	}
	length, err := protocol.ParseLength(h.Get(protocol.HeaderUploadLength))
	if err != nil {
		return http.StatusBadRequest
	}
	if n, _ := length.Int64(); s.MaxSize > 0 && n > s.MaxSize {
		return http.StatusRequestEntityTooLarge
	}
	u.Length = length
	return 0
}

// join makes u the final upload of parts. It returns 0, or the status of a
// refusal.
func (s *Server) join(u *Upload, parts []string) int {
	for _, part := range parts {
		at, err := url.Parse(part)
		if err != nil {
			return http.StatusBadRequest
		}
		p := s.uploads[at.Path]
		if p == nil || p.Removed || p.Concat != "partial" {
			return http.StatusBadRequest
		}
		if !p.complete() && !s.has(protocol.ExtensionConcatenationUnfinished) {
			return http.StatusBadRequest
		}
		u.Parts = append(u.Parts, p)
	}
	return 0
}

func (s *Server) patch(w http.ResponseWriter, r *http.Request, u *Upload) {
	offset, err := protocol.ParseOffset(r.Header.Get(protocol.HeaderUploadOffset))
	refuse := 0
	switch {
	case u.final():
		refuse = http.StatusForbidden
	case r.Header.Get(protocol.HeaderContentType) != protocol.ContentType:
		refuse = http.StatusUnsupportedMediaType
	case err != nil:
		refuse = http.StatusBadRequest
	case offset != int64(len(u.Data)):
		refuse = http.StatusConflict
	}
	if refuse != 0 {
		w.WriteHeader(refuse)
		return
	}
	data, readErr := io.ReadAll(r.Body)
	if status := s.sumStatus(r, data); status != 0 {
		w.WriteHeader(status)
		return
	}
	if _, known := u.Length.Int64(); !known {
		if n, err := protocol.ParseLength(r.Header.Get(protocol.HeaderUploadLength)); err == nil {
			u.Length = n
		}
	}
	if n, ok := u.Length.Int64(); ok && int64(len(u.Data)+len(data)) > n {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	u.Data = append(u.Data, data...)
	if readErr != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h := w.Header()
	h.Set(protocol.HeaderUploadOffset, strconv.Itoa(len(u.Data)))
	u.setExpires(h)
	w.WriteHeader(http.StatusNoContent)
}

func (u *Upload) final() bool { return strings.HasPrefix(u.Concat, "final") }

func (u *Upload) expired() bool {
	return !u.Expires.IsZero() && !u.complete() && !time.Now().Before(u.Expires)
}

func (u *Upload) setExpires(h http.Header) {
	if !u.Expires.IsZero() && !u.complete() {
		h.Set(protocol.HeaderUploadExpires, protocol.FormatExpires(u.Expires))
	}
}

// length returns the length of the upload. For a final upload, it is the sum of
// its parts.
func (u *Upload) length() protocol.Length {
	if !u.final() {
		return u.Length
	}
	sum := int64(0)
	for _, p := range u.Parts {
		n, ok := p.Length.Int64()
		if !ok {
			return protocol.Length{}
		}
		sum += n
	}
	return protocol.Known(sum)
}

func (u *Upload) complete() bool {
	n, ok := u.length().Int64()
	return ok && int64(len(u.content())) == n
}

// content returns the bytes of the upload. For a final upload, it returns those
// of its parts.
func (u *Upload) content() []byte {
	if !u.final() {
		return u.Data
	}
	var out []byte
	for _, p := range u.Parts {
		out = append(out, p.Data...)
	}
	return out
}
