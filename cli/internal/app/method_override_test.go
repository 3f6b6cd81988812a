package app_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/app"
)

// With --method-override, a network that blocks PATCH and DELETE sees only POST.
func TestMethodOverride(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		seen = append(seen, r.Method+" "+r.Header.Get("X-HTTP-Method-Override"))
		mu.Unlock()
		w.Header().Set("Tus-Resumable", "1.0.0")
		switch {
		case r.Method != http.MethodPost:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case r.Header.Get("X-HTTP-Method-Override") == "":
			w.Header().Set("Location", "/files/1")
			w.WriteHeader(http.StatusCreated)
		default:
			w.Header().Set("Upload-Offset", "5")
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer s.Close()
	run := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := app.Run(t.Context(), args, app.Streams{
			In: strings.NewReader("hello"), Out: &out, Err: &errs, LookupEnv: func(string) (string, bool) { return "", false },
		})
		return code, errs.String()
	}
	if code, errs := run("upload", "--config=", "--state-dir", t.TempDir(), "--size", "5", "--method-override", s.URL+"/files/", "-"); code != 0 {
		t.Errorf("upload: exit %d, want 0, %s", code, errs)
	}
	if code, errs := run("terminate", "--config=", "--method-override", s.URL+"/files/1"); code != 0 {
		t.Errorf("terminate: exit %d, want 0, %s", code, errs)
	}
	if got, want := strings.Join(seen, ","), "POST ,POST PATCH,POST DELETE"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
