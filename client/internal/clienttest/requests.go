package clienttest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client/internal/fake"
)

// WantRequests compares the requests that s has seen so far, in the form of
// fake.Server.Seen.
func WantRequests(t *testing.T, s *fake.Server, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.Seen()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// WantStored compares the bytes that s has of the upload at url.
func WantStored(t *testing.T, s *fake.Server, url, want string) {
	t.Helper()
	if got := string(s.Bytes(url)); got != want {
		if len(want) > 100 {
			t.Errorf("server has %d bytes, want %d; equal: %t", len(got), len(want), got == want)
			return
		}
		t.Errorf("server has %q, want %q", got, want)
	}
}

// Upload1 and Upload2 are the paths of the first and the second upload of a fake server.
const (
	Upload1 = "/files/1"
	Upload2 = "/files/2"
)

// Requests in the form of fake.Server.Seen: method, path, and for a PATCH the offset and
// the number of bytes. Patch1 to Patch3 send a file of [RecordedSize] in chunks of
// [ChunkSize].
const (
	Options = "OPTIONS /files/"
	Post    = "POST /files/"
	Head    = "HEAD /files/1"
	Patch1  = "PATCH /files/1 0+524288"
	Patch2  = "PATCH /files/1 524288+524288"
	Patch3  = "PATCH /files/1 1048576+1"
)

// CredentialHeaders are the names of headers that only the endpoint's origin may receive.
var CredentialHeaders = []string{"Authorization", "X-Key", "X-Call", "X-Middleware", "Cookie"}

// PostPartial and PostFinal are keys of [RequestCounts]: the creation of a part, and the
// request that joins the parts.
const (
	PostPartial = "POST partial"
	PostFinal   = "POST final"
)

// RequestCounts returns the number of requests of each kind that s has seen after the first
// n requests. The key is the method, and for a POST of a concatenation [PostPartial] or
// [PostFinal].
func RequestCounts(s *fake.Server, n int) map[string]int {
	m := make(map[string]int)
	for _, r := range s.Requests()[n:] {
		name := r.Method
		if kind, _, _ := strings.Cut(r.Header.Get("Upload-Concat"), ";"); kind != "" {
			name += " " + kind
		}
		m[name]++
	}
	return m
}

// WantRequestCounts compares the result of [RequestCounts].
func WantRequestCounts(t *testing.T, s *fake.Server, n int, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, RequestCounts(s, n)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
