package integration

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
)

// nginx takes the 104 of tusd for the final response. Over HTTP/2 it ends the stream then. The
// URL in the 104 is valid, so the upload goes on there, and is not created again.
func TestNginxRUFH(t *testing.T) {
	t.Parallel()
	cuts := []testserver.Fault{patch(testserver.CutAfter(mib / 2)), patch(testserver.CutAfter(mib / 2))}
	for _, v := range versions {
		for _, protocol := range []rufh.Version{3, 6} {
			for _, tt := range []struct {
				name   string
				inline int64 // Config.InlineSize
				faults []testserver.Fault
			}{
				{name: "optimistic"},
				{name: "careful and cut", inline: -1, faults: cuts},
			} {
				t.Run(fmt.Sprintf("%s/%v/%s", v.name, protocol, tt.name), func(t *testing.T) {
					t.Parallel()
					proxy := startNginxBefore(t, testserver.Config{Experimental: true}, unlimited, unbuffered)
					proxy.tusd.Inject(tt.faults...)
					c := newClient(t, client.Config{
						Endpoint: proxy.url, Doer: proxy.doer(t, v.http1Only), Retry: quick,
						Protocol: protocol.String(), InlineSize: tt.inline,
					})
					data := content(2 * mib)
					res, err := c.Upload(t.Context(), readerAt(t, data), nil)
					if err != nil {
						t.Fatal(err)
					}
					checkCreatedOnce(t, proxy, res.URL, data, v.proto)
				})
			}
		}
	}
}

// The program uploads through nginx, too.
func TestNginxRUFHProgram(t *testing.T) {
	t.Parallel()
	proxy := startNginxBefore(t, testserver.Config{Experimental: true}, unlimited, unbuffered)
	data := content(2 * mib)
	file := filepath.Join(t.TempDir(), "elephant.bin")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	// An upload of a file that changed just now waits.
	modified := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, modified, modified); err != nil {
		t.Fatal(err)
	}
	url := runTusker(t, buildTusker(t), "upload", "--protocol", "rufh/6", "--cacert", proxy.ca, proxy.url, file)
	checkCreatedOnce(t, proxy, strings.TrimSpace(url), data, "HTTP/1.1")
}

// checkCreatedOnce checks that the upload is the only one, that its bytes are the same, and
// that requests to nginx used this version of HTTP.
func checkCreatedOnce(t *testing.T, proxy *nginx, url string, data []byte, proto string) {
	t.Helper()
	checkStored(t, proxy.tusd, url, data)
	if n := proxy.tusd.Count(http.MethodPost); n != 1 {
		t.Errorf("%d creations, want 1", n)
	}
	if uploads, err := proxy.tusd.Uploads(); err != nil || len(uploads) != 1 {
		t.Errorf("uploads %q, %v", uploads, err)
	}
	if left := proxy.tusd.Pending(); len(left) > 0 {
		t.Errorf("%d faults did not fire", len(left))
	}
	for _, r := range proxy.tusd.Requests() {
		if got := r.Header.Get("X-Test-Protocol"); got != proto {
			t.Errorf("%s over %s, want %s", r.Method, got, proto)
		}
		t.Logf("%s %s %d: %d bytes, %s", r.Method, r.Path, r.Status, r.BodyBytes, r.Fault)
	}
}
