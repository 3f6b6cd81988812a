package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
)

// nginx refuses a header above 8 KiB by default, such as that of a request that names 16 parts
// whose URLs have 650 bytes. The upload is sent in as many parts as one request can name.
func TestNginxLongPartURLs(t *testing.T) {
	t.Parallel()
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			proxy := startNginxAt(t, "/"+strings.Repeat("f", 610)+"/", unlimited, unbuffered)
			c := newClient(t, client.Config{Endpoint: proxy.url, Doer: proxy.doer(t, v.http1Only), Retry: quick})
			data := content(16 * mib)
			res, err := c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{Parallel: 16})
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, proxy.tusd, res.URL, data)
			if len(res.URL) < 640 || res.Retries > 0 {
				t.Errorf("a URL of %d bytes and %d retries, want a long one and none", len(res.URL), res.Retries)
			}
			creations := 0
			for _, r := range proxy.tusd.Requests() {
				if r.Method == http.MethodPost {
					creations++
				}
			}
			// Each part and the whole upload are created once.
			if creations < 9 || creations > 12 {
				t.Errorf("%d creations, want those of 8 to 11 parts and one more", creations)
			}
		})
	}
}
