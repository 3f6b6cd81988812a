package testserver_test

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

// A server of another protocol has the faults and the list of requests. Its uploads are not
// in the store of tusd.
func TestConfigHandler(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Method))
	})})
	s.Inject(
		testserver.Fault{Do: testserver.Status(http.StatusBadGateway, nil, "")},
		testserver.Fault{Do: testserver.Chain(testserver.Forget(), testserver.RewindTo(0))},
	)
	mustDo(t, http.StatusBadGateway, s.Client(), http.MethodPost, s.URL(), nil)
	mustDo(t, http.StatusOK, s.Client(), http.MethodPatch, s.URL()+"a", strings.NewReader("abc"))
	if got := mustDo(t, http.StatusOK, s.Client(), http.MethodGet, s.URL(), nil); got.body != http.MethodGet {
		t.Errorf("answer %q, want %q", got.body, http.MethodGet)
	}
	if got := s.Requests(); len(got) != 3 || got[0].Fault != "Status(502)" || got[1].Fault != "Chain(Forget(), RewindTo(0))" {
		t.Errorf("requests %+v, want 3 of them, Fault %q and Fault %q", got, "Status(502)", "Chain(Forget(), RewindTo(0))")
	}
	if _, err := s.Info(s.URL() + "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Info: %v, want ErrNotExist", err)
	}
	if got, err := s.Uploads(); len(got) > 0 || err != nil {
		t.Errorf("uploads %q, %v, want none and no error", got, err)
	}
}
