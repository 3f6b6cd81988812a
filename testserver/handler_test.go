package testserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// Handler works in a server of the caller.
func TestHandler(t *testing.T) {
	t.Parallel()
	h, err := testserver.Handler(t.TempDir(), testserver.Config{BasePath: "/up"})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/up/", h)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	r := mustDo(t, http.StatusCreated, srv.Client(), http.MethodPost, srv.URL+"/up/", nil, protocol.HeaderUploadLength, "3")
	url := r.header.Get(protocol.HeaderLocation)
	mustDo(t, http.StatusNoContent, srv.Client(), http.MethodPatch, url, strings.NewReader("abc"),
		protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0")
	if got := mustDo(t, http.StatusOK, srv.Client(), http.MethodGet, url, nil).body; got != "abc" {
		t.Errorf("got %q, want abc", got)
	}
}

// Reset and Forget work without a Server of this package; Forget then does
// nothing.
func TestActionsInOtherServer(t *testing.T) {
	t.Parallel()
	h, err := testserver.Handler(t.TempDir(), testserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	serve := func(a testserver.Action) *httptest.Server {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.Serve(w, r, h) }))
		t.Cleanup(srv.Close)
		return srv
	}
	srv := serve(testserver.Reset())
	if _, err := do(t.Context(), srv.Client(), http.MethodPost, srv.URL+"/files/", nil); err == nil {
		t.Error("Reset: the request succeeded, want an error")
	}
	srv = serve(testserver.Forget())
	mustDo(t, http.StatusCreated, srv.Client(), http.MethodPost, srv.URL+"/files/", nil, protocol.HeaderUploadLength, "3")
}

// Handler refuses a Config that Start refuses, and an empty folder.
func TestHandlerErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dir string
		cfg testserver.Config
	}{
		"no folder": {"", testserver.Config{}},
		"base path": {t.TempDir(), testserver.Config{BasePath: "http://tus.test/"}},
	} {
		if _, err := testserver.Handler(tt.dir, tt.cfg); err == nil || !strings.HasPrefix(err.Error(), "testserver: ") {
			t.Errorf("%s: got %v, want an error with the prefix testserver:", name, err)
		}
	}
}
