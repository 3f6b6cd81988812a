package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

const (
	hasExpired  = "the upload has expired, as the server said that it would"
	tooLate     = "upload will expire before it is complete at this rate"
	withExpires = "Upload-Expires"
)

// Uploads here take four requests of ten seconds.
func TestExpires(t *testing.T) {
	tests := map[string]struct {
		after   time.Duration // when the upload expires; 0: the server does not say
		again   bool          // every answer has Upload-Expires
		resumed bool
		want    []string
	}{
		"never":                     {},
		"in time":                   {after: 41 * time.Second},
		"just in time":              {after: 40 * time.Second},
		"too late":                  {after: 39 * time.Second, want: []string{tooLate}},
		"too late, announced often": {after: 39 * time.Second, again: true, want: []string{tooLate}},
		"long ago":                  {after: -time.Hour, want: []string{hasExpired, tooLate}},
		"long ago, announced often": {after: -time.Hour, again: true, want: []string{hasExpired, tooLate}},
		"now":                       {after: time.Nanosecond, want: []string{hasExpired, tooLate}},
		"rest in time":              {after: 30 * time.Second, resumed: true},
		"rest too late":             {after: 29 * time.Second, resumed: true, want: []string{tooLate}},
		"rest expired":              {after: -time.Second, resumed: true, want: []string{hasExpired, tooLate}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				// The header has a resolution of seconds.
				expires := time.Now().Add(test.after).UTC().Format(http.TimeFormat)
				s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					first := r.Method == http.MethodPost || r.Method == http.MethodHead
					if r.Method == http.MethodPatch {
						time.Sleep(10 * time.Second)
					}
					if test.after != 0 && (first || test.again) {
						fake.With(withExpires, expires)(w, r, next)
						return
					}
					next.ServeHTTP(w, r)
				}})
				data := clienttest.Noise(40)
				cfg := clienttest.RecordingConfig(nil, &log)
				cfg.ChunkSize = 10
				c := clienttest.NewClient(t, s, cfg)
				var res *client.Result
				var err error
				if test.resumed {
					res, err = c.Resume(t.Context(), s.Put(data[:10], protocol.Known(40), nil), clienttest.TextSource(t, data), nil)
				} else {
					res, err = c.Upload(t.Context(), clienttest.TextSource(t, data), nil)
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if res.Expires.IsZero() != (test.after == 0) {
					t.Errorf("expires %v, want IsZero %t", res.Expires, test.after == 0)
				}
				for _, message := range test.want {
					clienttest.WantLogged(t, &log, slog.LevelWarn, message)
				}
				if got := strings.Count(log.String(), "level=WARN"); got != len(test.want) {
					t.Errorf("%d warnings, want %d:\n%s", got, len(test.want), log.String())
				}
			})
		})
	}
}

// There is no warning if the server extends the time with each answer.
func TestExpiryIsExtended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPatch {
				time.Sleep(10 * time.Second)
			}
			fake.With(withExpires, time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))(w, r, next)
		}})
		cfg := clienttest.RecordingConfig(nil, &log)
		cfg.ChunkSize = 10
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(60)), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantNoWarning(t, &log)
		if want := time.Now().Add(time.Minute); !res.Expires.Equal(want) {
			t.Errorf("expires %v, want %v", res.Expires, want)
		}
	})
}
