package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
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
						t.Errorf("%d warnings, want 1", n)
					}
				}
			})
		})
	}
}

// fullStore saves nothing.
type fullStore struct{ client.MemoryStore }

func (*fullStore) Save(context.Context, *client.Record) error { return errors.New("no space left") }

// An upload with many retries causes each warning once, although each answer would cause it
// again. Retries have a record each.
func TestEachWarningOnce(t *testing.T) {
	for name, parallel := range map[string]int{"one piece": 1, "parts": 4} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const failures = 100
				began := time.Now()
				var count atomic.Int64 // of answers
				s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					answers := int(count.Add(1))
					w.Header().Set("Upload-Expires", began.Add(time.Duration(answers)*time.Second-24*time.Hour).UTC().Format(http.TimeFormat))
					w.Header().Set("Upload-Metadata", "!"+strings.Repeat("!", answers))
					if r.Method == http.MethodPatch && answers < failures {
						fake.Status(http.StatusServiceUnavailable, "")(w, r, next)
						return
					}
					next.ServeHTTP(w, r)
				}})
				var log bytes.Buffer
				cfg := clienttest.RecordingConfig(new(fullStore), &log)
				cfg.Retry, cfg.ChunkSize = retry.Backoff{MaxAttempts: -1, Max: time.Second}, 1<<20
				file := clienttest.WriteFile(t, clienttest.Noise(8<<20))
				_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, file),
					&client.UploadOptions{Parallel: parallel})
				if err != nil {
					t.Fatal(err)
				}
				counts := make(map[string]int)
				for line := range strings.Lines(log.String()) {
					if _, rest, ok := strings.Cut(line, "level=WARN msg="); ok {
						message, _, _ := strings.Cut(rest, " url=")
						message, _, _ = strings.Cut(message, " err=")
						message, _, _ = strings.Cut(message, " op=")
						counts[message]++
					}
				}
				if counts["retrying"] < 20 {
					t.Errorf("%d retries, want at least 20", counts["retrying"])
				}
				delete(counts, "retrying")
				if len(counts) < 3 {
					t.Errorf("only the warnings %v", counts)
				}
				for message, n := range counts {
					if n != 1 {
						t.Errorf("%d times %s, want 1", n, message)
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
		t.Errorf("%d bytes, want at least 5000 and at most 5500", n)
	}
}
