package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// A server that sends an unreadable header with each answer causes one warning for each
// upload, whether it is sent in one piece or in parts.
func TestOneWarningForUnreadableHeader(t *testing.T) {
	for name, parallel := range map[string]int{"one piece": 1, "parts": 4} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				s := clienttest.NewInlineServer(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					n++
					w.Header().Set("Upload-Expires", "never "+strings.Repeat("!", n))
					next.ServeHTTP(w, r)
				}})
				var log bytes.Buffer
				c := clienttest.NewClient(t, s, client.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), ChunkSize: 1 << 20})
				for range 2 {
					log.Reset()
					_, err := c.Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(8<<20)), &client.UploadOptions{Parallel: parallel})
					if err != nil {
						t.Fatal(err)
					}
					if n := strings.Count(log.String(), "unreadable header"); n != 1 {
						t.Errorf("%d warnings", n)
					}
				}
			})
		})
	}
}

// The error of a refused request knows how long its header was.
func TestHeaderSizeOfError(t *testing.T) {
	s := fake.New(t, fake.Config{})
	s.On(http.MethodPost, fake.Status(http.StatusRequestHeaderFieldsTooLarge, ""))
	c := clienttest.NewClient(t, s, client.Config{Header: http.Header{"X-Long": {strings.Repeat("x", 5000)}}})
	_, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
	if n := clienttest.ErrorOf(t, err).HeaderSize; n < 5000 || n > 5500 {
		t.Errorf("%d bytes", n)
	}
}
