package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
)

// A service of another protocol holds no uploads, so no creation may have left one there.
func TestOtherProtocolHasNoOrphans(t *testing.T) {
	for name, test := range map[string]struct {
		answer  string
		orphans bool
	}{
		"SSH":          {"SSH-2.0-OpenSSH_9.6\r\n", false},
		"SMTP":         {"220 mail.example ESMTP\r\n", false},
		"broken HTTP":  {"HTTP/1.1 201 Created\r\nno colon\r\n\r\n", true},
		"no answer":    {"", true},
		"half a head":  {"HTTP/1.1 201 Created\r\nLoca", true},
		"gateway page": {"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				doer := clienttest.HostileDoer(t, func(w io.Writer, r *http.Request) {
					if r.Method != http.MethodPost {
						clienttest.WriteResponse(w, http.StatusNotFound, "")
						return
					}
					_, _ = io.WriteString(w, test.answer)
				})
				c := clienttest.New(t, client.Config{Endpoint: "http://tus.example/files/", Doer: doer, Retry: clienttest.RetryEachSecond(2)})
				res, err := c.Upload(t.Context(), client.Stream(strings.NewReader("hello"), nil), nil)
				if err == nil {
					t.Fatal("no error")
				}
				if (res.Orphans > 0) != test.orphans {
					t.Errorf("%d orphans: %v, want some: %t", res.Orphans, err, test.orphans)
				}
			})
		})
	}
}
