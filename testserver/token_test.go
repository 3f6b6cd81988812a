package testserver_test

import (
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

// UntilTokenChanges answers 401 until the Authorization header changes.
func TestUntilTokenChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, old, renewed string }{
		{"new token", "Bearer old", "Bearer new"},
		{"no token at first", "", "Bearer new"},
		{"token removed", "Bearer old", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{})
			url := create(t, s, 10)
			send := func(want int, token string) {
				t.Helper()
				r := mustDo(t, want, s.Client(), http.MethodHead, url, nil, "Authorization", token)
				if got := r.header.Get("WWW-Authenticate") != ""; got != (want == http.StatusUnauthorized) {
					t.Errorf("status %d with WWW-Authenticate: %v", want, got)
				}
			}
			s.Inject(testserver.Fault{Do: testserver.UntilTokenChanges()})
			for range 3 {
				send(http.StatusUnauthorized, tt.old)
			}
			if got := last(t, s).Fault; got != "UntilTokenChanges()" {
				t.Errorf("got fault %q, want %q", got, "UntilTokenChanges()")
			}
			send(http.StatusOK, tt.renewed)
			// The fault has ended for all tokens.
			send(http.StatusOK, tt.old)
			if got := s.Pending(); len(got) != 0 {
				t.Errorf("got %d faults pending, want none", len(got))
			}

			s.Inject(testserver.Fault{Times: testserver.Always, Do: testserver.Chain(testserver.UntilTokenChanges())})
			send(http.StatusUnauthorized, tt.old)
			send(http.StatusOK, tt.renewed)
		})
	}
}
