package integration

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
)

// tusd with its experiment gets a file although twenty requests in a row break off. No byte that
// arrived is sent again. With TUSKER_SOAK, the file has 100 MiB, and a request breaks off after 1
// MiB.
func TestRUFHWithTusd(t *testing.T) {
	t.Parallel()
	size, cut := 2*mib, 64*kib
	if isSoak() {
		size, cut = 100*mib, mib
	}
	data := content(size)
	for v := rufh.Oldest; v <= 6; v++ {
		for _, inline := range []int64{0, -1} {
			t.Run(fmt.Sprintf("%v inline %d", v, inline), func(t *testing.T) { cutTwenty(t, v, inline, data, int64(cut)) })
		}
	}
}

func cutTwenty(t *testing.T, v rufh.Version, inline int64, data []byte, cut int64) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "data.bin")
	writeOld(t, name, data)
	src, err := client.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	srv := testserver.New(t, testserver.Config{Experimental: true})
	c := newClient(t, client.Config{
		Endpoint: srv.URL(), Protocol: v.String(), InlineSize: inline,
		Retry: retry.Backoff{Initial: time.Millisecond, Max: 20 * time.Millisecond},
	})
	srv.Inject(
		testserver.Fault{Method: http.MethodPost, Do: testserver.CutAfter(cut)},
		testserver.Fault{Method: http.MethodPatch, Times: 20, Do: testserver.CutAfter(cut)},
	)
	res, err := c.Upload(t.Context(), src, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := srv.Bytes(res.URL); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the server has %d bytes at %s, want %d: %v", len(got), res.URL, len(data), err)
	}
	if urls, err := srv.Uploads(); err != nil || len(urls) != 1 {
		t.Errorf("uploads %q, %v", urls, err)
	}
	arrived := int64(0)
	for _, r := range srv.Requests() {
		arrived += r.BodyBytes
	}
	if most := int64(len(data)) * 105 / 100; arrived > most {
		t.Errorf("%d bytes arrived, want at most %d", arrived, most)
	}
}
