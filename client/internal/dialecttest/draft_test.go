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
	"github.com/tusker-go/tusker/protocol/rufh"
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
				return fake.Status(409, "", rufh.HeaderUploadComplete, "?0")
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

// version is the interop version that the driver and the server speak.
const version = rufh.Version(9)

// draft is the driver.
type draft struct{ conn *wire.Conn }

func (d *draft) Name() string        { return "draft" }
func (d *draft) DefaultChunk() int64 { return 0 }

func (d *draft) Create(ctx context.Context, c dialect.Creation) (dialect.Answer, error) {
	answer, err := d.do(ctx, protocol.OpCreate, http.MethodPost, d.conn.Address(), nil, rufh.Creation{
		Version: version, Length: c.Length,
		Complete: c.Length == protocol.Known(0), // only a request can complete an upload, also an empty one
	})
	answer.Offset, answer.Length = protocol.Known(0), protocol.Length{}
	answer.Complete = err == nil && c.Length == protocol.Known(0)
	answer.Orphan = err != nil && isOrphan(err)
	return answer, err
}

func (d *draft) Offset(ctx context.Context, url string) (dialect.Answer, error) {
	return d.do(ctx, protocol.OpHead, http.MethodHead, url, nil, version)
}

func (d *draft) Append(ctx context.Context, url string, a dialect.Append) (dialect.Answer, error) {
	b := &wire.Body{Chunk: a.Chunk, Final: a.Chunk.Last, BeforeLast: a.BeforeLast, OnSent: a.OnSent, Gauge: a.Gauge}
	answer, err := d.do(ctx, protocol.OpPatch, http.MethodPatch, url, b, rufh.Append{
		Version: version, Offset: a.Chunk.Start, Complete: a.Chunk.Last,
	})
	answer.Sent = b.Sent()
	return answer, err
}

func (d *draft) Remove(ctx context.Context, url string) error {
	_, err := d.do(ctx, protocol.OpTerminate, http.MethodDelete, url, nil, version)
	return err
}

func (d *draft) do(ctx context.Context, op protocol.Op, method, url string, b *wire.Body, fields fields) (dialect.Answer, error) {
	var answer dialect.Answer
	got, err := d.conn.Do(ctx, wire.Request{
		Op: op, Method: method, URL: url, Body: b, Set: fields.SetHeader, Judge: judgeDraft,
		Success: func(op protocol.Op, status int, _ http.Header) error {
			if status/100 == 2 {
				return nil
			}
			return protocol.StatusError(op, status)
		},
		Parse: func(h http.Header) (string, int64, error) {
			r := version.ParseResponse(0, h)
			answer.Offset, answer.Length = r.Offset, r.Length
			if r.Limits != nil {
				answer.Limits = *r.Limits
			}
			answer.Complete = r.Complete == rufh.Complete
			return r.Location, 0, nil
		},
	}, wire.Call{})
	if err != nil {
		return dialect.Answer{}, err
	}
	answer.URL, answer.Next, answer.Header, answer.Refuse = got.URL, got.Next, got.Header, func(err error) error { return got.Refuse(err) }
	return answer, nil
}

// fields are the fields of a request.
type fields interface {
	SetHeader(h protocol.Header) error
}

func isOrphan(err error) bool {
	e, ok := err.(*failure.Error) //nolint:errorlint // Conn.Do returns this type.
	return ok && e.AnswerLost
}

// judgeDraft sets the class of an answer that is refused.
func judgeDraft(e *failure.Error, _ http.Header) {
	meaning := rufh.Judge(rufh.Exchange{Version: version, Op: e.Op}, version.ParseResponse(e.StatusCode, e.Header)).Meaning
	_, told := e.RetryAfter()
	switch {
	case meaning == rufh.Gone:
		e.Class = failure.ClassGone
	case meaning == rufh.Mismatched:
		e.Class = failure.ClassResync
	case meaning == rufh.Locked:
		e.Class = failure.ClassLocked
	case told:
		e.Class = failure.ClassThrottled
	case meaning == rufh.Failed, e.StatusCode < http.StatusMultipleChoices && e.Op == protocol.OpPatch:
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
		length := rufh.ParseRequest(r.Header).Length
		answer(w, http.StatusCreated, rufh.Response{Location: s.store.Create(nil, length, nil)})
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
	offset := s.store.State(r.URL.Path).Offset
	request := rufh.ParseRequest(r.Header)
	if request.Offset != protocol.Known(offset) || r.Header.Get("Content-Type") != rufh.MediaType {
		w.WriteHeader(http.StatusConflict)
		return
	}
	body, _ := io.ReadAll(r.Body) // what arrived counts, also if it broke off
	length := protocol.Length{}
	if got := int64(len(body)); got == r.ContentLength && request.Complete == rufh.Complete {
		length = protocol.Known(offset + got)
	}
	s.store.Append(r.URL.Path, body, length)
	s.tell(w, r.URL.Path)
}

func (s draftServer) tell(w http.ResponseWriter, path string) {
	state := s.store.State(path)
	response := rufh.Response{Offset: protocol.Known(state.Offset), Length: state.Length, Complete: rufh.Incomplete}
	if state.Complete() {
		response.Complete = rufh.Complete
	}
	answer(w, http.StatusNoContent, response)
}

func answer(w http.ResponseWriter, status int, r rufh.Response) {
	if err := r.SetHeader(version, w.Header()); err != nil {
		panic(err)
	}
	w.WriteHeader(status)
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
		stream, end := io.Pipe()
		s := fake.New(t, fake.Config{
			Frontend: func(s *fake.Store) http.Handler { return draftServer{s} },
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
		_, err := runDraft(t, s, &engine.Rules{Retry: retry.Delays(time.Second)}, source.Stream(stream, nil), 3)
		if !errors.Is(err, failure.ErrNoProgress) || !errors.Is(err, retry.ErrExhausted) {
			t.Errorf("error %v after %d requests", err, len(s.Requests()))
		}
	})
}
