package fake

import (
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/tusker-go/tusker/protocol"
)

// Store has the uploads of a Server, whatever protocol the server speaks. It is safe for
// concurrent use.
type Store struct {
	mu      sync.Mutex
	uploads map[string]*upload // by path
	created int
}

// upload is one upload, guarded by Store.mu. It is complete if it has as many bytes as its
// length says.
type upload struct {
	data     []byte
	length   protocol.Length
	metadata protocol.Metadata
	concat   protocol.Concat
	parts    []*upload // of a final upload that was made before they were complete
}

func (u *upload) state() protocol.State {
	return protocol.State{
		Offset: int64(len(u.data)), Length: u.length, Metadata: u.metadata, Concat: u.concat,
	}
}

// gather makes a final upload of its parts, once all are complete.
func (u *upload) gather() {
	if u.parts == nil {
		return
	}
	data := make([][]byte, len(u.parts))
	for i, p := range u.parts {
		if !p.state().Complete() {
			return
		}
		data[i] = p.data
	}
	u.data, u.parts = slices.Concat(data...), nil
}

// Bytes returns the bytes of the upload at rawURL, or nil if there is none.
func (s *Store) Bytes(rawURL string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.uploads[pathOf(rawURL)]; u != nil {
		u.gather()
		return append([]byte{}, u.data...)
	}
	return nil
}

// State returns the state of the upload at rawURL, or the zero value if there is none.
func (s *Store) State(rawURL string) protocol.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.uploads[pathOf(rawURL)]; u != nil {
		u.gather()
		return u.state()
	}
	return protocol.State{}
}

// Has reports whether there is an upload at rawURL.
func (s *Store) Has(rawURL string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uploads[pathOf(rawURL)] != nil
}

// Count returns how many uploads were created.
func (s *Store) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.created
}

// Create makes an upload that has data, and returns its path.
func (s *Store) Create(data []byte, length protocol.Length, metadata protocol.Metadata) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(&upload{data: data, length: length, metadata: metadata})
}

// Append adds data to the upload at rawURL, which exists. A length that is not known yet
// becomes length.
func (s *Store) Append(rawURL string, data []byte, length protocol.Length) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[pathOf(rawURL)]
	u.append(data)
	if u.length == (protocol.Length{}) {
		u.length = length
	}
}

func (u *upload) append(data []byte) {
	if len(u.data) == 0 {
		u.data = data
		return
	}
	u.data = append(u.data, data...)
}

// Truncate makes the upload at rawURL forget all but its first n bytes.
func (s *Store) Truncate(rawURL string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.uploads[pathOf(rawURL)]; u != nil {
		u.data = u.data[:min(n, len(u.data))]
	}
}

// Delete removes the upload at rawURL, and reports whether there was one.
func (s *Store) Delete(rawURL string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.uploads[pathOf(rawURL)]
	delete(s.uploads, pathOf(rawURL))
	return ok
}

// add keeps an upload and returns its path. The caller has locked the store.
func (s *Store) add(u *upload) string {
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
