package dialecttest_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/retry"
)

// sendRUFH sends src to s.
func sendRUFH(t *testing.T, s *fake.Server, rules *engine.Rules, src source.Source, chunk int64) (engine.Result, error) {
	t.Helper()
	endpoint, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := src.Open(t.Context(), chunk)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	rules.Log = slog.New(slog.DiscardHandler)
	if rules.Retry == nil {
		rules.Retry = retry.Never
	}
	return engine.Run(t.Context(), engine.Spec{
		Rules: rules, Source: opened, Endpoint: s.URL, Chunk: chunk,
		Dialect: newRUFH(&wire.Conn{Doer: s.Doer(), Header: http.Header{}, Endpoint: endpoint, Log: rules.Log}, 9),
	})
}

// The engine keeps to the limits that a server announces, and to those of the caller.
func TestRUFHLimits(t *testing.T) {
	for name, test := range map[string]struct {
		rules protocol.Limits
		chunk int64
		want  []int64
	}{
		"announced":           {protocol.Limits{}, 0, []int64{30, 30, 30, 10}},
		"smaller chunk":       {protocol.Limits{}, 25, []int64{25, 25, 25, 25}},
		"larger chunk":        {protocol.Limits{}, 60, []int64{30, 30, 30, 10}},
		"multiple":            {protocol.Limits{Multiple: 20}, 0, []int64{20, 20, 20, 20, 20}},
		"nothing can be sent": {protocol.Limits{MinRequest: 50}, 50, []int64{50, 50}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{
					Frontend: func(s *fake.Store) http.Handler { return rufhServer{s, 9} },
					Hook:     fake.With("Upload-Limit", "max-append-size=30, max-age=60"),
				})
				began := time.Now()
				res, err := sendRUFH(t, s, &engine.Rules{Limits: test.rules}, source.Bytes(make([]byte, 100)), test.chunk)
				if err != nil {
					t.Fatal(err)
				}
				var got []int64
				for _, r := range s.Requests()[1:] {
					got = append(got, r.Size)
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("bodies of %d bytes, want %d", got, test.want)
				}
				if want := began.Add(time.Minute); !res.Expires.Equal(want) {
					t.Errorf("expires %v, want %v", res.Expires, want)
				}
			})
		})
	}
}

// A server that has all bytes and does not complete the upload, although a request without
// bytes asks for nothing else, is an error that no retry helps against.
func TestRUFHNeverComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		stream, end := io.Pipe()
		s := fake.New(t, fake.Config{
			Frontend: func(s *fake.Store) http.Handler { return rufhServer{s, 9} },
			Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if requests++; requests > 20 {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				r.Header.Set(rufh.HeaderUploadComplete, "?0")
				next.ServeHTTP(w, r)
				if r.Method == http.MethodPost {
					_ = end.Close() // the creation does not know the length of the stream
				}
			},
		})
		go func() { _, _ = io.WriteString(end, "abc") }()
		_, err := sendRUFH(t, s, &engine.Rules{Retry: retry.Delays(time.Second)}, source.Stream(stream, nil), 3)
		if !errors.Is(err, failure.ErrIncomplete) || requests > 3 {
			t.Errorf("error %v after %d requests, want ErrIncomplete and at most 3", err, requests)
		}
	})
}
