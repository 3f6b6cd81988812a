package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// hooked answers in the way of a server whose hook replaces the answer to a creation that
// completes its upload: with status, and without a Location.
func hooked(status int) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost && (r.ContentLength > 0 || r.Header.Get("Upload-Length") == "0") {
			next.ServeHTTP(&locationless{w, status}, r)
			return
		}
		next.ServeHTTP(w, r)
	}
}

type locationless struct {
	http.ResponseWriter
	status int
}

func (w *locationless) WriteHeader(int) {
	w.Header().Del("Location")
	w.ResponseWriter.WriteHeader(w.status)
}

// After a success without a Location, uploads to the host are created without bytes.
func TestCreationWithoutLocation(t *testing.T) {
	for _, status := range []int{200, 201, 202, 204} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{Hook: hooked(status)})
				c := clienttest.NewLearnedClient(t, s, client.Config{})
				for i, want := range [][]string{
					{"OPTIONS /files/", "POST /files/ +5", "POST /files/", "PATCH /files/2 0+5"},
					{"POST /files/", "PATCH /files/3 0+5"},
				} {
					before := 0
					if i > 0 {
						before = 4
					}
					res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, "hello")
					clienttest.WantRequests(t, s, append(s.Seen()[:before:before], want...)...)
					if res.Orphans != 1-i {
						t.Errorf("upload %d: %d orphans, want %v", i, res.Orphans, 1-i)
					}
				}
			})
		})
	}
}

// An empty upload is created without its length, which the request after that declares.
func TestEmptyCreationWithoutLocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{Hook: hooked(200)})
		c := clienttest.NewClient(t, s, client.Config{})
		for range 2 {
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, ""), nil)
			if err != nil {
				t.Fatal(err)
			}
			if state := s.State(res.URL); !state.Complete() {
				t.Errorf("upload %+v, want a complete one", state)
			}
		}
		clienttest.WantRequests(t, s, "POST /files/", "OPTIONS /files/", "POST /files/", "PATCH /files/2 0+0 of 0", "POST /files/", "PATCH /files/3 0+0 of 0")
	})
}

// The question whether the length may be open is repeated after a failure.
func TestEmptyCreationWithoutLocationWhileBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{Hook: hooked(200)})
		s.On(http.MethodOptions, fake.Status(503, "", "Retry-After", "1"), fake.Lose)
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, ""), nil)
		if err != nil {
			t.Fatal(err)
		}
		if state := s.State(res.URL); !state.Complete() || res.Orphans != 1 {
			t.Errorf("upload %+v, result %+v, want Complete true and Orphans 1", state, res)
		}
		clienttest.WantRequests(t, s, "POST /files/", "OPTIONS /files/", "OPTIONS /files/", "OPTIONS /files/", "POST /files/", "PATCH /files/2 0+0 of 0")
	})
}

// Without a way to leave the length of an empty upload open, the error says what is missing.
func TestEmptyCreationWithoutLocationForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: hooked(200), Extensions: []protocol.Extension{protocol.ExtensionCreation}})
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, ""), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrMissingHeader)
		clienttest.WantRequests(t, s, "POST /files/", "OPTIONS /files/")
		if res.Orphans != 1 {
			t.Errorf("result %+v, want Orphans 1", res)
		}
	})
}

// A creation that completes its upload may take FinishTimeout, as the last bytes may.
func TestSlowHookAfterCreation(t *testing.T) {
	for name, data := range map[string]string{"empty": "", "all bytes": "hello", "more than a buffer holds": clienttest.Noise(100 << 10)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				s.On(http.MethodPost, late(9*time.Minute))
				res, err := clienttest.NewLearnedClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if res.Orphans != 0 || res.Retries != 0 || len(s.Seen()) != 2 {
					t.Errorf("result %+v after %q, want Orphans 0, Retries 0 and 2 in Seen", res, s.Seen())
				}
			})
		})
	}
}

// Other creations have only StallTimeout.
func TestSlowCreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPost, s.Hang(0))
		began := time.Now()
		if _, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("took %v, want at most %v", took, time.Minute)
		}
	})
}
