package dialecttest_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/dialecttest"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// TestDraft shows that the engine has no part of tus: it sends uploads in a small subset of
// the IETF's "Resumable Uploads for HTTP", whose headers and completion differ.
func TestDraft(t *testing.T) {
	dialecttest.Run(t, dialecttest.Frontend{
		Server: fake.Config{Frontend: func(s *fake.Store) http.Handler { return draftServer{s} }},
		New:    func(conn *wire.Conn) dialect.Dialect { return &draft{conn} },
		Refuse: func(why dialecttest.Refusal) fake.Action {
			switch why {
			case dialecttest.Gone:
				return fake.Status(410, "")
			case dialecttest.Conflict:
				return fake.Status(409, "", uploadComplete, "?0")
			case dialecttest.Locked:
				return fake.Status(423, "")
			case dialecttest.Busy:
				return fake.Status(429, "", "Retry-After", strconv.Itoa(dialecttest.BusyFor))
			case dialecttest.Failed:
				return fake.Status(500, "")
			case dialecttest.Denied:
				return fake.Status(403, "")
			default:
				return fake.Status(422, "")
			}
		},
		Lacks: map[dialecttest.Feature]string{
			dialecttest.Joining:   "the draft has no uploads of parts",
			dialecttest.Discovery: "this subset does not ask with OPTIONS",
		},
	})
}

const (
	uploadOffset   = "Upload-Offset"
	uploadLength   = "Upload-Length"
	uploadComplete = "Upload-Complete"
	partial        = "application/partial-upload"
)

// draft is the driver.
type draft struct{ conn *wire.Conn }

func (d *draft) Name() string        { return "draft" }
func (d *draft) DefaultChunk() int64 { return 0 }

func (d *draft) Create(ctx context.Context, c dialect.Creation) (dialect.Answer, error) {
	answer, err := d.do(ctx, protocol.OpCreate, http.MethodPost, d.conn.Address(), nil, func(h protocol.Header) error {
		setLength(h, c.Length)
		// Only a request with "?1" completes an upload, also an empty one.
		h.Set(uploadComplete, boolean(c.Length == protocol.Known(0)))
		return nil
	})
	answer.Offset, answer.Length = protocol.Known(0), protocol.Length{}
	answer.Orphan = err != nil && isOrphan(err)
	return answer, err
}

func (d *draft) Offset(ctx context.Context, url string) (dialect.Answer, error) {
	return d.do(ctx, protocol.OpHead, http.MethodHead, url, nil, nil)
}

func (d *draft) Append(ctx context.Context, url string, a dialect.Append) (dialect.Answer, error) {
	b := &wire.Body{Chunk: a.Chunk, Final: a.Chunk.Last, BeforeLast: a.BeforeLast, OnSent: a.OnSent, Gauge: a.Gauge}
	answer, err := d.do(ctx, protocol.OpPatch, http.MethodPatch, url, b, func(h protocol.Header) error {
		h.Set("Content-Type", partial)
		h.Set(uploadOffset, strconv.FormatInt(a.Chunk.Start, 10))
		h.Set(uploadComplete, boolean(a.Chunk.Last))
		return nil
	})
	answer.Sent = b.Sent()
	return answer, err
}

func (d *draft) Remove(ctx context.Context, url string) error {
	_, err := d.do(ctx, protocol.OpTerminate, http.MethodDelete, url, nil, nil)
	return err
}

func (d *draft) do(ctx context.Context, op protocol.Op, method, url string, b *wire.Body, set func(protocol.Header) error) (dialect.Answer, error) {
	var answer dialect.Answer
	got, err := d.conn.Do(ctx, wire.Request{
		Op: op, Method: method, URL: url, Body: b, Set: set, Judge: judgeDraft,
		Success: func(op protocol.Op, status int) error {
			if status/100 == 2 {
				return nil
			}
			return protocol.StatusError(op, status)
		},
		Parse: func(h http.Header) (string, int64, error) {
			if n, err := strconv.ParseInt(h.Get(uploadOffset), 10, 64); err == nil {
				answer.Offset = protocol.Known(n)
			}
			answer.Length, _ = protocol.ParseLength(h.Get(uploadLength))
			answer.Limits = parseLimits(h.Get("Upload-Limit"))
			if h.Get(uploadComplete) == "?1" {
				answer.Length = answer.Offset
			}
			return h.Get("Location"), 0, nil
		},
	}, wire.Call{})
	if err != nil {
		return dialect.Answer{}, err
	}
	answer.URL, answer.Next, answer.Header, answer.Refuse = got.URL, got.Next, got.Header, func(err error) error { return got.Refuse(err) }
	return answer, nil
}

// parseLimits reads two of the limits that the draft has.
func parseLimits(value string) (l protocol.Limits) {
	for item := range strings.SplitSeq(value, ",") {
		key, number, _ := strings.Cut(strings.TrimSpace(item), "=")
		n, _ := strconv.ParseInt(number, 10, 64)
		switch key {
		case "max-append-size":
			l.MaxRequest = n
		case "max-age":
			l.MaxAge = time.Duration(n) * time.Second
		}
	}
	return l
}

func setLength(h protocol.Header, length protocol.Length) {
	if _, known := length.Int64(); known {
		h.Set(uploadLength, length.String())
	}
}

func boolean(b bool) string {
	if b {
		return "?1"
	}
	return "?0"
}

func isOrphan(err error) bool {
	e, ok := err.(*failure.Error) //nolint:errorlint // Conn.Do returns this type.
	return ok && e.AnswerLost
}

// judgeDraft sets the class of an answer that is refused.
func judgeDraft(e *failure.Error, _ http.Header) {
	_, told := e.RetryAfter()
	switch {
	case e.StatusCode == http.StatusNotFound, e.StatusCode == http.StatusGone:
		e.Class = failure.ClassGone
	case e.StatusCode == http.StatusConflict:
		e.Class = failure.ClassResync
	case e.StatusCode == http.StatusLocked:
		e.Class = failure.ClassLocked
	case told:
		e.Class = failure.ClassThrottled
	case e.StatusCode >= http.StatusInternalServerError, e.StatusCode < http.StatusMultipleChoices && e.Op == protocol.OpPatch:
		e.Class = failure.ClassTransient
	case e.StatusCode == http.StatusUnprocessableEntity:
		e.Denial = failure.Denial{StatusCode: e.StatusCode, Words: e.Body, Refused: true}
	}
}

// draftServer answers from the store.
type draftServer struct{ store *fake.Store }

func (s draftServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if r.Method != http.MethodPost && !s.store.Has(path) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	switch r.Method {
	case http.MethodPost:
		length, _ := protocol.ParseLength(r.Header.Get(uploadLength))
		w.Header().Set("Location", s.store.Create(nil, length, nil))
		w.WriteHeader(http.StatusCreated)
	case http.MethodHead:
		s.tell(w, path)
	case http.MethodPatch:
		s.append(w, r)
	case http.MethodDelete:
		s.store.Delete(path)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s draftServer) append(w http.ResponseWriter, r *http.Request) {
	at := s.store.State(r.URL.Path).Offset
	if r.Header.Get(uploadOffset) != strconv.FormatInt(at, 10) || r.Header.Get("Content-Type") != partial {
		w.WriteHeader(http.StatusConflict)
		return
	}
	body, _ := io.ReadAll(r.Body) // what arrived counts, also if it broke off
	length := protocol.Length{}
	if got := int64(len(body)); got == r.ContentLength && r.Header.Get(uploadComplete) == "?1" {
		length = protocol.Known(at + got)
	}
	s.store.Append(r.URL.Path, body, length)
	s.tell(w, r.URL.Path)
}

func (s draftServer) tell(w http.ResponseWriter, path string) {
	state := s.store.State(path)
	w.Header().Set(uploadOffset, strconv.FormatInt(state.Offset, 10))
	w.Header().Set(uploadComplete, boolean(state.Complete()))
	setLength(w.Header(), state.Length)
	w.WriteHeader(http.StatusNoContent)
}

// runDraft sends src to s.
func runDraft(t *testing.T, s *fake.Server, rules *engine.Rules, src source.Source, chunk int64) (engine.Result, error) {
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
		Dialect: &draft{&wire.Conn{Doer: s.Doer(), Header: http.Header{}, Endpoint: endpoint, Log: rules.Log}},
	})
}

// The engine keeps to the limits that a server announces, and to those of the caller.
func TestDraftLimits(t *testing.T) {
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
					Frontend: func(s *fake.Store) http.Handler { return draftServer{s} },
					Hook:     fake.With("Upload-Limit", "max-append-size=30, max-age=60"),
				})
				began := time.Now()
				res, err := runDraft(t, s, &engine.Rules{Limits: test.rules}, source.Bytes(make([]byte, 100)), test.chunk)
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

// A success that neither keeps bytes nor completes the upload is no progress, also if
// nothing but the end of a stream was left to send. The upload fails after some retries.
func TestDraftNeverComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		s := fake.New(t, fake.Config{
			Frontend: func(s *fake.Store) http.Handler { return draftServer{s} },
			Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if requests++; requests > 20 {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				r.Header.Set(uploadComplete, "?0")
				next.ServeHTTP(w, r)
			},
		})
		_, err := runDraft(t, s, &engine.Rules{Retry: retry.Delays(time.Second)}, source.Stream(strings.NewReader("abc"), nil), 3)
		if !errors.Is(err, failure.ErrNoProgress) || !errors.Is(err, retry.ErrExhausted) {
			t.Errorf("error %v after %d requests", err, len(s.Requests()))
		}
	})
}
