package s3_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
)

// clockStore has one object, and a clock that is ahead of that of this machine. It refuses
// signatures that are more than 15 minutes off, as AWS does.
type clockStore struct {
	ahead    time.Duration
	requests atomic.Int64
}

func (s *clockStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	now := time.Now().Add(s.ahead)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	switch {
	case err != nil || now.Sub(signed).Abs() > 15*time.Minute:
		refuse(w, http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	case r.URL.Path != "/bucket/film.mov":
		refuse(w, http.StatusForbidden, "AccessDenied", "Access Denied")
	default:
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("content"))
	}
}

// A machine whose clock is wrong reads objects. It signs with the time of the store after the
// first refusal, and a refusal for another reason stays one.
func TestClock(t *testing.T) {
	for _, ahead := range []time.Duration{0, 10 * time.Minute, 3 * time.Hour, -3 * time.Hour, 10 * 365 * 24 * time.Hour} {
		t.Run(fmt.Sprint(ahead), func(t *testing.T) {
			store := &clockStore{ahead: ahead}
			server := httptest.NewServer(store)
			t.Cleanup(server.Close)
			c := newClient(t, s3.Config{Endpoint: server.URL})
			s := clienttest.NewTCPServer(t, fake.Config{})
			_, err := c.Open(t.Context(), s3.Location{Bucket: "bucket", Key: "secret.mov"})
			clienttest.WantErrorIs(t, err, client.ErrSource, httpsource.ErrDenied)
			before := store.requests.Load()
			res, err := clienttest.New(t, client.Config{Endpoint: s.URL, Doer: doer(t)}).Upload(t.Context(), open(t, c, film), nil)
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantStored(t, s, res.URL, "content")
			want := int64(2) // for the first byte, and for all bytes
			if ahead.Abs() > 15*time.Minute {
				want++
			}
			if n := store.requests.Load() - before; n != want {
				t.Errorf("%d requests, want %d", n, want)
			}
		})
	}
}
