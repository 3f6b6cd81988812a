package client_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/retry"
)

// Interim responses that report the offset at which a request began are no sign of life,
// because a server can send them for ever.
func TestRUFHOffsetThatDoesNotGrow(t *testing.T) {
	const had, size, stall = 400, 1000, 10 * time.Second
	synctest.Test(t, func(t *testing.T) {
		var longest time.Duration
		s := fake.New(t, fake.Config{Frontend: func(store *fake.Store) http.Handler {
			path := store.Create(nil, protocol.Known(size), nil)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					respond(w, r, 204, rufh.HeaderUploadComplete, "?0", rufh.HeaderUploadOffset, strconv.Itoa(had), rufh.HeaderUploadLength, strconv.Itoa(size))
					return
				}
				if r.Method == http.MethodPost {
					respond(w, r, 104, "Location", path)
					panic(http.ErrAbortHandler)
				}
				began := time.Now()
				for r.Context().Err() == nil {
					time.Sleep(stall * 2 / 3)
					respond(w, r, 104, rufh.HeaderUploadOffset, strconv.Itoa(had))
				}
				longest = max(longest, time.Since(began))
			})
		}})
		c := clienttest.NewClient(t, s, client.Config{Protocol: "rufh/8", StallTimeout: stall, FinishTimeout: stall, Retry: retry.Delays(time.Second)})
		_, err := c.Upload(t.Context(), client.Bytes(make([]byte, size)), nil)
		synctest.Wait()
		if !errors.Is(err, client.ErrStalled) || longest > stall*4/3 {
			t.Errorf("error %v, longest request %v, want %v and at most %v", err, longest, client.ErrStalled, stall*4/3)
		}
	})
}
