package app

import (
	"net/http"
	"os"
	"sync/atomic"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

// An upload that takes longer than its first token reads the token file again.
func TestTokenFileIsReadAgain(t *testing.T) {
	t.Parallel()
	token := tempFile(t, "first\n")
	var requests atomic.Int32
	server := testserver.New(t, testserver.Config{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			want := "Bearer first"
			if requests.Add(1) > 1 {
				want = "Bearer second"
			}
			if r.Header.Get("Authorization") != want {
				http.Error(w, "expired", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
			if err := os.WriteFile(token, []byte("second\n"), 0o600); err != nil {
				t.Error(err)
			}
		})
	}})
	std, _, stderr := streamsFor(t)
	args := []string{"upload", "--chunk-size", "2", "--token-file", token, server.URL(), tempFile(t, "hello")}
	if got := Run(t.Context(), args, std); got != exit.OK {
		t.Errorf("code %d, want %v: %s", got, exit.OK, stderr)
	}
}
