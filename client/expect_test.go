package client_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// A creation with more than 4 MiB asks the server whether it wants the bytes (Expect:
// 100-continue), unless the second after which an unanswered question is dropped could be a stall.
func TestExpectNeedsTime(t *testing.T) {
	for stall, want := range map[time.Duration]string{
		-1: "100-continue", 2 * time.Second: "100-continue", time.Minute: "100-continue",
		time.Second: "", 500 * time.Millisecond: "",
	} {
		t.Run(stall.String(), func(t *testing.T) {
			t.Parallel()
			tus := fake.Handler(fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload}})
			p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Expect"); r.Method == http.MethodPost && got != want {
					t.Errorf("Expect %q, want %q", got, want)
				}
				tus.ServeHTTP(w, r)
			})
			c := p.client(t, client.Config{StallTimeout: stall, InlineSize: 16 << 20, Retry: retry.Never})
			if err := c.Learn(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err := c.Upload(t.Context(), client.Bytes(make([]byte, 5<<20)), nil)
			if err != nil || p.count(http.MethodPatch) != 0 {
				t.Errorf("requests %v, error %v, want one POST", p.seen(), err)
			}
		})
	}
}
