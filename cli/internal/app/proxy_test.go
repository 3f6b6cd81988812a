package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// TestProxyWantsCredentials guards against a bare 407.
func TestProxyWantsCredentials(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	for _, endpoint := range []string{"http://tus.test/files/", "https://tus.test/files/"} {
		std, _, stderr := streamsFor(t)
		code := Run(t.Context(), []string{"options", "--proxy", proxy.URL, endpoint}, std)
		if want := "hint: give the proxy's credentials with it: --proxy http://USER:PASSWORD@HOST:PORT\n"; code != exit.Refused || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: code %d and %q, want %q", endpoint, code, stderr, want)
		}
	}
}
