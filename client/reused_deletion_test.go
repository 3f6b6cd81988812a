package client_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// A deletion whose reused connection dies is repeated once at once, and no further time. The
// first request may have deleted the upload.
func TestReusedConnectionDiesForDeletion(t *testing.T) {
	for name, test := range map[string]struct {
		dead    int64 // deletions that get no answer
		deletes bool  // the server deletes the upload for them nevertheless
		ok      bool
	}{
		"before the deletion": {dead: 1, ok: true},
		"after the deletion":  {dead: 1, deletes: true, ok: true},
		"again":               {dead: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tus := fake.Handler(fake.Config{})
			var count atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodDelete {
					count.Add(1)
				}
				if r.Method != http.MethodDelete || count.Load() > test.dead {
					tus.ServeHTTP(w, r)
					return
				}
				if test.deletes {
					tus.ServeHTTP(httptest.NewRecorder(), r)
				}
				panic(http.ErrAbortHandler)
			}))
			t.Cleanup(server.Close)
			c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.CloseIdleConnections)
			url := server.URL + tus.Put("hello", protocol.Known(5), nil)[len("http://tus.example"):]
			if _, err := c.Options(t.Context(), nil); err != nil { // its connection is used again
				t.Fatal(err)
			}
			if _, err := c.Terminate(t.Context(), url, nil); (err == nil) != test.ok {
				t.Errorf("error %v, want success: %t", err, test.ok)
			}
			if n := count.Load(); n != 2 {
				t.Errorf("%d deletions, want 2", n)
			}
		})
	}
}
