package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// sentMap is the least that a client.Ledger can be.
type sentMap struct {
	mu      sync.Mutex
	records map[string]client.Record
	err     error                // of both methods
	alter   func(*client.Record) // what is loaded
	damaged bool                 // the next one fails
}

func (m *sentMap) LoadFinished(_ context.Context, endpoint, key string) (*client.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.damaged {
		m.damaged = false
		return nil, client.ErrRecordDamaged
	}
	r, ok := m.records[endpoint+" "+key]
	if m.err != nil || !ok {
		return nil, errors.Join(m.err, client.ErrNoRecord)
	}
	if m.alter != nil {
		m.alter(&r)
	}
	return &r, m.err
}

func (m *sentMap) SaveFinished(_ context.Context, r *client.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		if m.records == nil {
			m.records = make(map[string]client.Record)
		}
		m.records[r.Endpoint+" "+r.Key] = *r
	}
	return m.err
}

// sendOnce uploads the file called name, which must work.
func sendOnce(t *testing.T, s *fake.Server, cfg client.Config, name string) *client.Result {
	t.Helper()
	res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// A file of any size that was sent is not sent again, as long as it is the same
// and the server has it.
func TestSentBefore(t *testing.T) {
	tests := map[string]struct {
		cfg    client.Config
		before func(t *testing.T, s *fake.Server, m *sentMap, name string)
		want   []string // requests of the second run
		gone   bool     // the second run makes another upload
		sent   bool     // it sends something
		is     error
	}{
		"the same":     {want: []string{head}},
		"another file": {before: becomes("other"), want: []string{post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"modified": {
			before: func(t *testing.T, _ *fake.Server, _ *sentMap, name string) {
				t.Helper()
				if err := os.Chtimes(name, time.Time{}, time.Now().Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{post, "PATCH /files/2 0+5"}, gone: true, sent: true,
		},
		"gone":           {before: answers(fake.Status(404, "")), want: []string{head, post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"gone, 410":      {before: answers(fake.Status(410, "")), want: []string{head, post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"of other size":  {before: answers(fake.With("Upload-Length", "9")), want: []string{head, post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"cut off":        {before: func(_ *testing.T, s *fake.Server, _ *sentMap, _ string) { s.Truncate(s.URL+"1", 2) }, want: []string{head, "PATCH /files/1 2+3"}, sent: true},
		"asked twice":    {cfg: client.Config{Retry: second(1)}, before: answers(fake.Status(503, "")), want: []string{head, head}},
		"not answered":   {cfg: client.Config{Retry: retry.Never}, before: answers(fake.Status(503, "")), want: []string{head}, is: protocol.ErrUnavailable},
		"not allowed":    {before: answers(fake.Status(403, "")), want: []string{head}, is: protocol.ErrForbidden},
		"gone, never":    {cfg: client.Config{Recreate: client.RecreateNever}, before: answers(fake.Status(404, "")), want: []string{head}, is: protocol.ErrNotFound},
		"always":         {cfg: client.Config{Recreate: client.RecreateAlways}, want: []string{post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"store fails":    {before: func(_ *testing.T, _ *fake.Server, m *sentMap, _ string) { m.err = errors.New("no disk") }, want: []string{post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"other endpoint": {cfg: client.Config{Endpoint: "http://tus.example/files/2/"}, want: []string{post + "2/", "PATCH /files/2 0+5"}, gone: true, sent: true},
		"bad record": {
			before: func(_ *testing.T, _ *fake.Server, m *sentMap, _ string) {
				m.alter = func(r *client.Record) { r.Length = protocol.Known(6) }
			},
			want: []string{post, "PATCH /files/2 0+5"}, gone: true, sent: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				m := &sentMap{}
				name := write(t, "hello")
				first := sendOnce(t, s, client.Config{Ledger: m}, name)
				if first.Skipped || len(m.records) != 1 {
					t.Fatalf("skipped: %t; %d records", first.Skipped, len(m.records))
				}
				already := len(s.Seen())
				if test.before != nil {
					test.before(t, s, m, name)
				}
				test.cfg.Ledger = m
				res, err := newClient(t, s, test.cfg).Upload(t.Context(), path(t, name), nil)
				if test.is == nil && err != nil {
					t.Fatal(err)
				}
				if test.is != nil {
					wantIs(t, err, test.is)
				}
				if diff := cmp.Diff(test.want, s.Seen()[already:]); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if got, want := res.Skipped, err == nil && !test.sent; got != want {
					t.Errorf("skipped: %t, want %t", got, want)
				}
				if got := res.URL != first.URL; got != test.gone {
					t.Errorf("another upload: %t, want %t", got, test.gone)
				}
			})
		})
	}
}

func becomes(data string) func(*testing.T, *fake.Server, *sentMap, string) {
	return func(t *testing.T, _ *fake.Server, _ *sentMap, name string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func answers(a fake.Action) func(*testing.T, *fake.Server, *sentMap, string) {
	return func(_ *testing.T, s *fake.Server, _ *sentMap, _ string) { s.On(http.MethodHead, a) }
}

// What was sent again after a loss is what the next run asks for, and a run that
// failed leaves nothing.
func TestSentIsKept(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &sentMap{}
	name := write(t, "hello")
	cfg := client.Config{Ledger: m, Retry: retry.Never}
	s.On(http.MethodPatch, fake.Cut(2))
	if _, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil); err == nil || len(m.records) != 0 {
		t.Fatalf("error %v, records %v", err, m.records)
	}
	sendOnce(t, s, cfg, name)
	s.On(http.MethodHead, fake.Status(404, ""))
	again := sendOnce(t, s, cfg, name)
	if res := sendOnce(t, s, cfg, name); !res.Skipped || res.URL != again.URL || res.Resumed != 5 || res.Sent != 0 {
		t.Errorf("result %+v, want %s skipped", res, again.URL)
	}
}

// What does not verify is not sent, and what was is compared again where asked.
func TestSentIsVerified(t *testing.T) {
	s := fake.New(t, fake.Config{Content: true})
	m := &sentMap{}
	name := write(t, "hello")
	c := newClient(t, s, client.Config{Ledger: m})
	s.On(http.MethodPatch, fake.Damage)
	_, err := c.Upload(t.Context(), path(t, name), &client.UploadOptions{Verify: true})
	wantIs(t, err, client.ErrDifferent)
	if len(m.records) != 0 {
		t.Errorf("records %v", m.records)
	}
	res, err := c.Upload(t.Context(), path(t, name), &client.UploadOptions{Verify: true})
	if err != nil || res.Skipped {
		t.Fatalf("skipped: %t, error %v", res.Skipped, err)
	}
	res, err = c.Upload(t.Context(), path(t, name), &client.UploadOptions{Verify: true})
	if err != nil || !res.Skipped || !res.Verified {
		t.Errorf("skipped: %t, verified: %t, error %v", res.Skipped, res.Verified, err)
	}
}

// What the server holds in the place of what was sent is no reason to leave it
// out: it is sent again, and that is what is kept from then on.
func TestSentHasRotten(t *testing.T) {
	for name, recreate := range map[string]client.Recreate{"anew": client.RecreateGone, "never": client.RecreateNever} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{Content: true})
			m := &sentMap{}
			file := write(t, "hello")
			c := newClient(t, s, client.Config{Ledger: m, Recreate: recreate})
			if _, err := c.Upload(t.Context(), path(t, file), nil); err != nil {
				t.Fatal(err)
			}
			for key, r := range m.records {
				r.URL = s.Put("hallo", protocol.Known(5), nil)
				m.records[key] = r
			}
			res, err := c.Upload(t.Context(), path(t, file), &client.UploadOptions{Verify: true})
			if recreate == client.RecreateNever {
				wantIs(t, err, client.ErrDifferent)
				return
			}
			if err != nil || res.Skipped || !res.Verified {
				t.Fatalf("result %+v, error %v", res, err)
			}
			wantStored(t, s, res.URL, "hello")
			again, err := c.Upload(t.Context(), path(t, file), &client.UploadOptions{Verify: true})
			if err != nil || !again.Skipped || again.URL != res.URL {
				t.Errorf("result %+v, error %v", again, err)
			}
		})
	}
}

// Sources that no later run could find again are sent always, and so are parts.
func TestNotKeptAsSent(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &sentMap{}
	c := newClient(t, s, client.Config{Ledger: m})
	for _, src := range []client.Source{text(t, "hello"), stream("hello", 0)} {
		if _, err := c.Upload(t.Context(), src, nil); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := finishedOf(c, t.Context(), src); ok || err != nil {
			t.Errorf("sent: %t, error %v", ok, err)
		}
	}
	name := write(t, "hello")
	if _, err := c.UploadConcat(t.Context(), []client.Source{path(t, name), path(t, name)}, nil); err != nil {
		t.Fatal(err)
	}
	if len(m.records) != 0 {
		t.Errorf("records %v", m.records)
	}
}

// Of what is damaged nothing more is lost.
func TestSentIsDamaged(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &sentMap{}
	name := write(t, "hello")
	first := sendOnce(t, s, client.Config{Ledger: m}, name)
	m.damaged = true
	var log bytes.Buffer
	cfg := client.Config{Ledger: m, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	if res := sendOnce(t, s, cfg, name); !res.Skipped || res.URL != first.URL {
		t.Errorf("result %+v, want %s skipped", res, first.URL)
	}
	wantLogged(t, &log, slog.LevelWarn, "some records of finished uploads are not used")
}

// What would be left out can be told without asking the server.
func TestSent(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &sentMap{}
	name := write(t, "hello")
	cfg := client.Config{Ledger: m}
	c := newClient(t, s, cfg)
	if _, ok, err := finishedOf(c, t.Context(), path(t, name)); ok || err != nil {
		t.Errorf("before: %t, %v", ok, err)
	}
	res := sendOnce(t, s, cfg, name)
	already := len(s.Seen())
	r, ok, err := finishedOf(c, t.Context(), path(t, name))
	if err != nil || !ok || r.URL != res.URL || r.Source != name || r.Updated.IsZero() {
		t.Errorf("record %+v, %t, %v", r, ok, err)
	}
	if n := len(s.Seen()) - already; n != 0 {
		t.Errorf("%d requests", n)
	}
	m.err = errors.New("no disk")
	m.records = nil
	if _, ok, err := finishedOf(newClient(t, s, client.Config{}), t.Context(), path(t, name)); ok || err != nil {
		t.Errorf("without a store: %t, %v", ok, err)
	}
}

// planted gives a record for every file of a size. 0: 5.
type planted struct {
	url  string
	size int64
}

func (p planted) LoadFinished(_ context.Context, endpoint, key string) (*client.Record, error) {
	n := p.size
	if n == 0 {
		n = 5
	}
	return &client.Record{Key: key, Endpoint: endpoint, URL: p.url, Length: protocol.Known(n), Offset: n}, nil
}

func (planted) SaveFinished(context.Context, *client.Record) error { return nil }

// A record that somebody else wrote leads to no place that the endpoint could not
// have named, and takes no credentials along.
func TestPlantedSent(t *testing.T) {
	name := write(t, "hello")
	for url, want := range map[string]bool{
		"https://tus.example/files/1": true, "https://other.example/1": true,
		"http://tus.example/files/1": false, "file:///etc/passwd": false, "/files/1": false, "https://me:pw@tus.example/1": false, "": false,
	} {
		c, err := client.New(client.Config{Endpoint: "https://tus.example/files/", Ledger: planted{url: url}})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := finishedOf(c, t.Context(), path(t, name)); ok != want || err != nil {
			t.Errorf("%q: sent %t (%v), want %t", url, ok, err, want)
		}
	}

	s := fake.New(t, fake.Config{})
	elsewhere := s.Put("hello", protocol.Known(5), nil)
	cfg := client.Config{
		Endpoint: "http://other.example/files/", Header: http.Header{"Authorization": {"Bearer s3cret"}}, Ledger: planted{url: elsewhere},
	}
	if res := sendOnce(t, s, cfg, name); !res.Skipped {
		t.Errorf("result %+v", res)
	}
	for _, r := range s.Requests() {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s with credentials", r)
		}
	}
}
