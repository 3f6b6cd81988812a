package jobtest

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tusker-go/tusker/client/internal/fake"
)

// WantOnce checks that the server has so many finished uploads, each of another item, and that
// none was deleted.
func WantOnce(t *testing.T, s *fake.Server, want int) {
	t.Helper()
	finished := make(map[string]int)
	n := 0
	for _, r := range s.Requests() {
		if r.Method == http.MethodDelete {
			t.Errorf("a worker sent DELETE %s", r.URL)
		}
	}
	for _, url := range Uploads(s) {
		if state := s.State(url); state.Complete() {
			n++
			finished[state.Metadata["item"]]++
		}
	}
	for item, n := range finished {
		if n > 1 {
			t.Errorf("item %s was finished %d times", item, n)
		}
	}
	if n != want {
		t.Errorf("%d finished uploads, want %d", n, want)
	}
}

// Uploads returns the URLs of the uploads that requests were sent to.
func Uploads(s *fake.Server) []string {
	var urls []string
	seen := make(map[string]bool)
	for _, r := range s.Requests() {
		u, err := url.Parse(r.URL)
		if err != nil || r.Method != http.MethodPatch || seen[u.Path] {
			continue
		}
		seen[u.Path] = true
		urls = append(urls, r.URL)
	}
	return urls
}

// SentBytes returns how many bytes the server got in the bodies of PATCH requests.
func SentBytes(s *fake.Server) int64 {
	var n int64
	for _, r := range s.Requests() {
		if r.Method == http.MethodPatch {
			n += r.Size
		}
	}
	return n
}

// CountFinished returns how many uploads are complete.
func CountFinished(s *fake.Server) int {
	n := 0
	for _, url := range Uploads(s) {
		if s.State(url).Complete() {
			n++
		}
	}
	return n
}
