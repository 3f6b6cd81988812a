package app

import (
	"io"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

// Log lines of other packages, such as net/http, are hidden by default.
func TestLogOfOtherPackages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{nil, ""},
		{[]string{"-v"}, ` debug tusker said by a package {"text": "Unsolicited response"}`},
	} {
		std, _, stderr := streamsFor(t)
		std.Log = log.New(io.Discard, "", log.LstdFlags)
		server := testserver.New(t, testserver.Config{})
		server.Inject(testserver.Fault{Do: testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			std.Log.Print("Unsolicited response")
			next.ServeHTTP(w, r)
		})})
		code := Run(t.Context(), append([]string{"options", server.URL()}, test.flags...), std)
		said := strings.Contains(stderr.String(), "Unsolicited")
		if code != exit.OK || said != (test.want != "") || !strings.Contains(stderr.String(), test.want) {
			t.Errorf("with %q: code %d and %q, want %q", test.flags, code, stderr, test.want)
		}
	}
}
