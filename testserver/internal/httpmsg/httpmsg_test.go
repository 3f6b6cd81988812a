package httpmsg_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/internal/httpmsg"
)

// X-HTTP-Method-Override replaces the method of a POST, as in tusd.
func TestMethod(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ method, override, want string }{
		{http.MethodPost, "", http.MethodPost},
		{http.MethodPost, http.MethodPatch, http.MethodPatch},
		{http.MethodPatch, http.MethodHead, http.MethodPatch},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tt.method, "/", nil)
		if tt.override != "" {
			r.Header.Set(protocol.HeaderMethodOverride, tt.override)
		}
		if got := httpmsg.Method(r); got != tt.want {
			t.Errorf("%s with override %q: got %s, want %s", tt.method, tt.override, got, tt.want)
		}
	}
}

// Edit is called once and before the headers of the final answer.
func TestHeaderEditor(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(http.ResponseWriter){
		"no write":             func(http.ResponseWriter) {},
		"status":               func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
		"body without status":  func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) },
		"informational status": func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			w := httptest.NewRecorder()
			editor := &httpmsg.HeaderEditor{ResponseWriter: w, Edit: func(h http.Header) {
				calls++
				h.Set("X-Edited", "yes")
			}}
			serve(editor)
			editor.Finish()
			if got := w.Header().Get("X-Edited"); calls != 1 || got != "yes" {
				t.Errorf("got %d calls, X-Edited %q; want 1, yes", calls, got)
			}
		})
	}
}
