package client_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

func TestRecover(t *testing.T) {
	const post, head = "POST /files/", "HEAD /files/1"
	type result = client.Result
	tests := map[string]struct {
		chunk int64
		post  []fake.Action
		head  []fake.Action
		patch []fake.Action
		want  []string
		res   result // additional to the values that every upload has
	}{
		"connection lost": {
			patch: []fake.Action{fake.Cut(2)},
			want:  []string{post, "PATCH /files/1 0+2", head, "PATCH /files/1 2+3"},
			res:   result{Sent: 8, Retries: 1},
		},
		"connection lost, nothing kept": {
			patch: []fake.Action{fake.Cut(0)},
			want:  []string{post, "PATCH /files/1 0+0", head, "PATCH /files/1 0+5"},
			res:   result{Sent: 10, Retries: 1},
		},
		"lost again and again": {
			patch: []fake.Action{fake.Cut(1), fake.Cut(1), fake.Cut(1), fake.Cut(1)},
			want: []string{
				post, "PATCH /files/1 0+1", head, "PATCH /files/1 1+1", head, "PATCH /files/1 2+1", head,
				"PATCH /files/1 3+1", head, "PATCH /files/1 4+1",
			},
			res: result{Sent: 15, Retries: 4},
		},
		"last answer lost": {
			patch: []fake.Action{fake.Lose},
			want:  []string{post, "PATCH /files/1 0+5", head},
			res:   result{Sent: 5, Retries: 1, Confirmed: true},
		},
		"answer to a chunk lost": {
			chunk: 3,
			patch: []fake.Action{fake.Lose},
			want:  []string{post, "PATCH /files/1 0+3", head, "PATCH /files/1 3+2"},
			res:   result{Sent: 5, Retries: 1},
		},
		"answer to last chunk lost": {
			chunk: 3,
			patch: []fake.Action{nil, fake.Lose},
			want:  []string{post, "PATCH /files/1 0+3", "PATCH /files/1 3+2", head},
			res:   result{Sent: 5, Retries: 1, Confirmed: true},
		},
		"HEAD fails too": {
			patch: []fake.Action{fake.Lose},
			head:  []fake.Action{fake.Lose, fake.Status(503, "")},
			want:  []string{post, "PATCH /files/1 0+5", head, head, head},
			res:   result{Sent: 5, Retries: 3, Confirmed: true},
		},
		"offset mismatch": {
			patch: []fake.Action{fake.Status(409, "ERR_MISMATCHED_OFFSET: mismatched offset\n")},
			want:  []string{post, "PATCH /files/1 0+5", head, "PATCH /files/1 0+5"},
			res:   result{Sent: 10, Retries: 1},
		},
		"offset mismatch twice": {
			patch: []fake.Action{fake.Status(409, ""), fake.Status(409, "")},
			want:  []string{post, "PATCH /files/1 0+5", head, "PATCH /files/1 0+5", head, "PATCH /files/1 0+5"},
			res:   result{Sent: 15, Retries: 2},
		},
		"locked": {
			patch: []fake.Action{fake.Status(423, "ERR_UPLOAD_LOCKED: file currently locked\n")},
			want:  []string{post, "PATCH /files/1 0+5", head, "PATCH /files/1 0+5"},
			res:   result{Sent: 10, Retries: 1},
		},
		"interrupted by another": {
			patch: []fake.Action{fake.Status(400, "ERR_UPLOAD_INTERRUPTED: upload has been interrupted by another request\n")},
			want:  []string{post, "PATCH /files/1 0+5", head, "PATCH /files/1 0+5"},
			res:   result{Sent: 10, Retries: 1},
		},
		"part accepted": {
			patch: []fake.Action{fake.Keep(2)},
			want:  []string{post, "PATCH /files/1 0+5", "PATCH /files/1 2+3"},
			res:   result{Sent: 8},
		},
		"nothing accepted": {
			patch: []fake.Action{fake.Keep(0)},
			want:  []string{post, "PATCH /files/1 0+5", head, "PATCH /files/1 0+5"},
			res:   result{Sent: 10, Retries: 1},
		},
		"PATCH claims too much": {
			patch: []fake.Action{fake.With("Upload-Offset", "6")},
			want:  []string{post, "PATCH /files/1 0+5", head},
			res:   result{Sent: 5, Retries: 1, Confirmed: true},
		},
		"PATCH goes back": {
			chunk: 3,
			patch: []fake.Action{nil, fake.With("Upload-Offset", "2")},
			want:  []string{post, "PATCH /files/1 0+3", "PATCH /files/1 3+2", head},
			res:   result{Sent: 5, Retries: 1, Confirmed: true},
		},
		"PATCH without offset": {
			patch: []fake.Action{fake.With("Upload-Offset", "")},
			want:  []string{post, "PATCH /files/1 0+5", head},
			res:   result{Sent: 5, Retries: 1, Confirmed: true},
		},
		"PATCH with garbage": {
			patch: []fake.Action{fake.With("Upload-Offset", "five")},
			want:  []string{post, "PATCH /files/1 0+5", head},
			res:   result{Sent: 5, Retries: 1, Confirmed: true},
		},
		"creation refused for now": {
			post: []fake.Action{fake.Status(503, "", "Retry-After", "3"), fake.Status(429, "")},
			want: []string{post, post, post, "PATCH /files/1 0+5"},
			res:  result{Sent: 5, Retries: 2},
		},
		"answer to creation lost": {
			post: []fake.Action{fake.Lose},
			want: []string{post, post, "PATCH /files/2 0+5"},
			res:  result{URL: "http://tus.example/files/2", Sent: 5, Retries: 1, Orphans: 1},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPost, test.post...)
				s.On(http.MethodHead, test.head...)
				s.On(http.MethodPatch, test.patch...)
				var events []client.Event
				res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: test.chunk}).Upload(
					t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantRequests(t, s, test.want...)
				clienttest.WantStored(t, s, res.URL, "hello")
				clienttest.WantEventOrder(t, events)
				want := test.res
				if want.URL == "" {
					want.URL = "http://tus.example/files/1"
				}
				want.Offset, want.Length = 5, protocol.Known(5)
				if diff := cmp.Diff(&want, res, cmpopts.IgnoreFields(client.Result{}, "CreationHeader", "Header")); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		busy := fake.Status(503, "busy\n")
		s.On(http.MethodPatch, nil, busy)
		s.On(http.MethodHead, busy, busy, busy)
		began := time.Now()
		res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 2, Retry: clienttest.RetryEachSecond(3)}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted, protocol.ErrUnavailable)
		if e := clienttest.ErrorOf(t, err); e.Op != protocol.OpHead || e.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("error of %s with status %d, want Op %q and StatusCode 503", e.Op, e.StatusCode, protocol.OpHead)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v, want %v", took, 3*time.Second)
		}
		want := &client.Result{
			URL: "http://tus.example/files/1", Offset: 2, Unacknowledged: 2, Length: protocol.Known(5), Sent: 4, Retries: 3,
			CreationHeader: res.CreationHeader, Header: res.Header,
		}
		if diff := cmp.Diff(want, res); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		// The result is enough to resume.
		if _, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), res.URL, clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
	})
}

// With the defaults, ten failures in a row end the upload, besides one of a connection that was
// used again. Progress resets the count.
func TestProgressResetsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		for range 20 {
			s.On(http.MethodPatch, fake.Cut(1))
		}
		data := clienttest.Noise(21)
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)

		for range 11 {
			s.On(http.MethodPatch, fake.Cut(0))
		}
		res, err = clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		if res.Retries != 10 {
			t.Errorf("%d retries, want 10", res.Retries)
		}
	})
}

// A date in Retry-After counts from the Date of the same answer, so the clocks of server and
// client need not agree.
func TestRetryAfter(t *testing.T) {
	tests := map[string]struct {
		header string
		date   string // "": that of the client's clock
		least  time.Duration
		most   time.Duration
	}{
		"seconds":                  {"20", "", 20 * time.Second, 20 * time.Second},
		"date":                     {"Sat, 01 Jan 2000 00:00:20 GMT", "", 19 * time.Second, 20 * time.Second},
		"capped":                   {"86400", "", time.Minute, time.Minute},
		"past":                     {"Fri, 31 Dec 1999 00:00:00 GMT", "", 0, time.Second},
		"garbage":                  {"soon", "", 0, time.Second},
		"server an hour ahead":     {"Sat, 01 Jan 2000 01:00:20 GMT", "Sat, 01 Jan 2000 01:00:00 GMT", 20 * time.Second, 20 * time.Second},
		"server an hour behind":    {"Fri, 31 Dec 1999 23:00:20 GMT", "Fri, 31 Dec 1999 23:00:00 GMT", 20 * time.Second, 20 * time.Second},
		"server without a clock":   {"Thu, 01 Jan 1970 00:00:25 GMT", "Thu, 01 Jan 1970 00:00:05 GMT", 20 * time.Second, 20 * time.Second},
		"seconds of another clock": {"20", "Fri, 31 Dec 1999 23:00:00 GMT", 20 * time.Second, 20 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				began := time.Now()
				header := []string{"Retry-After", test.header}
				if test.date != "" {
					header = append(header, "Date", test.date)
				}
				s.On(http.MethodPost, fake.Status(503, "", header...))
				if _, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, ""), nil); err != nil {
					t.Fatal(err)
				}
				// Up to a second more spreads uploads that have the same wait.
				if took := time.Since(began); took < test.least || took > test.most+time.Second {
					t.Errorf("took %v, want %v to %v", took, test.least, test.most)
				}
			})
		})
	}
}

func TestPermanentFailure(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		is     error
	}{
		"bad request":    {400, "", protocol.ErrBadRequest},
		"unauthorized":   {401, "", protocol.ErrUnauthorized},
		"forbidden":      {403, "", protocol.ErrForbidden},
		"gone":           {410, "", protocol.ErrGone},
		"version":        {412, "", protocol.ErrUnsupportedVersion},
		"too large":      {413, "ERR_MAX_SIZE_EXCEEDED: maximum size exceeded\n", protocol.ErrTooLarge},
		"media type":     {415, "", protocol.ErrUnsupportedMediaType},
		"not possible":   {501, "", protocol.ErrNotImplemented},
		"HTTP version":   {505, "", protocol.ErrServer},
		"stopped":        {500, "ERR_UPLOAD_STOPPED: upload has been stopped\n", protocol.ErrServer},
		"unknown status": {499, "", protocol.ErrUnexpectedStatus},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				c := clienttest.NewClient(t, s, client.Config{})
				s.On(http.MethodPost, fake.Status(test.status, test.body))
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				clienttest.WantErrorIs(t, err, test.is)
				clienttest.WantRequests(t, s, "POST /files/")
				if errors.Is(err, retry.ErrExhausted) || res.URL != "" || res.CreationHeader != nil || res.Retries != 0 {
					t.Errorf("error %v, result %+v, want not ErrExhausted, URL \"\", CreationHeader nil and Retries 0", err, res)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				c := clienttest.NewClient(t, s, client.Config{})
				s.On(http.MethodPatch, fake.Status(test.status, test.body))
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				clienttest.WantErrorIs(t, err, test.is)
				clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+5")
				if res.URL != "http://tus.example/files/1" || res.Offset != 0 || res.Length != protocol.Known(5) {
					t.Errorf("result %+v, want URL %q, Offset 0 and Length %v", res, "http://tus.example/files/1", protocol.Known(5))
				}
			})
		})
	}
}

func TestDeferredLengthIsDeclaredOnce(t *testing.T) {
	tests := map[string]struct {
		patch []fake.Action
		want  []string
	}{
		"answer lost":         {[]fake.Action{nil, fake.Lose}, []string{"PATCH /files/1 0+3", "PATCH /files/1 3+2 of 5", "HEAD /files/1"}},
		"connection lost":     {[]fake.Action{nil, fake.Cut(1)}, []string{"PATCH /files/1 0+3", "PATCH /files/1 3+1 of 5", "HEAD /files/1", "PATCH /files/1 4+1"}},
		"nothing kept":        {[]fake.Action{nil, fake.Cut(0)}, []string{"PATCH /files/1 0+3", "PATCH /files/1 3+0 of 5", "HEAD /files/1", "PATCH /files/1 3+2"}},
		"declaration lost":    {[]fake.Action{nil, fake.Status(503, "")}, []string{"PATCH /files/1 0+3", "PATCH /files/1 3+2 of 5", "HEAD /files/1", "PATCH /files/1 3+2 of 5"}},
		"part accepted":       {[]fake.Action{nil, fake.Keep(1)}, []string{"PATCH /files/1 0+3", "PATCH /files/1 3+2 of 5", "PATCH /files/1 4+1"}},
		"lost before the end": {[]fake.Action{fake.Cut(1)}, []string{"PATCH /files/1 0+1", "HEAD /files/1", "PATCH /files/1 1+3", "PATCH /files/1 4+1 of 5"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, test.patch...)
				res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 3}).Upload(t.Context(), clienttest.StreamSource("hello", 1), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantRequests(t, s, append([]string{"OPTIONS /files/", "POST /files/"}, test.want...)...)
				clienttest.WantStored(t, s, res.URL, "hello")
				if s.State(res.URL).Length != protocol.Known(5) || res.Length != protocol.Known(5) {
					t.Errorf("length %v at the server, %v in the client, want Length %v and Length %v", s.State(res.URL).Length, res.Length, protocol.Known(5), protocol.Known(5))
				}
			})
		})
	}
}
