package integration

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
)

// A hook of @tus/server that answers 200 when an upload is complete removes the Location of an
// upload that its creation completes. Each file arrives although its first creation may have
// to be repeated, and later creations complete no upload.
func TestTusNodeFinishHook(t *testing.T) {
	t.Parallel()
	for _, learn := range []bool{false, true} {
		for _, empty := range []int{0, 3} { // position of the empty file
			t.Run("server known "+strconv.FormatBool(learn)+", empty file "+strconv.Itoa(empty), func(t *testing.T) {
				t.Parallel()
				server := startTusNode(t, tusNodeOptions{Finish: http.StatusOK})
				c := newClient(t, client.Config{Endpoint: server.url, Doer: doers[0].new(t), Retry: quick})
				if learn {
					if err := c.Learn(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				const files = 6
				orphans := 0
				for i := range files {
					data := content(small + i)
					if i == empty {
						data = nil
					}
					res, err := c.Upload(t.Context(), readerAt(t, data), nil)
					if err != nil {
						t.Fatalf("file %d: %v", i, err)
					}
					server.check(t, res.URL, data)
					if i == files-1 && res.Orphans > 0 {
						t.Errorf("the last file left %d uploads on the server", res.Orphans)
					}
					orphans += res.Orphans
				}
				if orphans > 1 {
					t.Errorf("%d uploads left on the server, want at most one", orphans)
				}
				if got := strings.Count(strings.Join(server.requests(t), " "), "POST"); got != files+orphans {
					t.Errorf("%d creations, want %d", got, files+orphans)
				}
			})
		}
	}
}
