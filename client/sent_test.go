package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// With a ledger, a file of any size is not sent again while it is unchanged and the server has
// it.
func TestSentFileIsSkipped(t *testing.T) {
	tests := map[string]struct {
		cfg    client.Config
		before func(t *testing.T, s *fake.Server, m *clienttest.Ledger, name string)
		want   []string // requests of the second run
		gone   bool     // the second run makes another upload
		sent   bool     // the second run sends bytes
		is     error
	}{
		"the same":     {want: []string{clienttest.Head}},
		"another file": {before: becomes("other"), want: []string{clienttest.Post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"modified": {
			before: func(t *testing.T, _ *fake.Server, _ *clienttest.Ledger, name string) {
				t.Helper()
				if err := os.Chtimes(name, time.Time{}, time.Now().Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{clienttest.Post, "PATCH /files/2 0+5"}, gone: true, sent: true,
		},
		"gone":           {before: answers(fake.Status(404, "")), want: []string{clienttest.Head, clienttest.Post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"gone, 410":      {before: answers(fake.Status(410, "")), want: []string{clienttest.Head, clienttest.Post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"of other size":  {before: answers(fake.With("Upload-Length", "9")), want: []string{clienttest.Head, clienttest.Post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"cut off":        {before: func(_ *testing.T, s *fake.Server, _ *clienttest.Ledger, _ string) { s.Truncate(s.URL+"1", 2) }, want: []string{clienttest.Head, "PATCH /files/1 2+3"}, sent: true},
		"asked twice":    {cfg: client.Config{Retry: clienttest.RetryEachSecond(1)}, before: answers(fake.Status(503, "")), want: []string{clienttest.Head, clienttest.Head}},
		"not answered":   {cfg: client.Config{Retry: retry.Never}, before: answers(fake.Status(503, "")), want: []string{clienttest.Head}, is: protocol.ErrUnavailable},
		"not allowed":    {before: answers(fake.Status(403, "")), want: []string{clienttest.Head}, is: protocol.ErrForbidden},
		"gone, never":    {cfg: client.Config{Recreate: client.RecreateNever}, before: answers(fake.Status(404, "")), want: []string{clienttest.Head}, is: protocol.ErrNotFound},
		"always":         {cfg: client.Config{Recreate: client.RecreateAlways}, want: []string{clienttest.Post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"store fails":    {before: func(_ *testing.T, _ *fake.Server, m *clienttest.Ledger, _ string) { m.Err = errors.New("no disk") }, want: []string{clienttest.Post, "PATCH /files/2 0+5"}, gone: true, sent: true},
		"other endpoint": {cfg: client.Config{Endpoint: "http://tus.example/files/2/"}, want: []string{clienttest.Post + "2/", "PATCH /files/2 0+5"}, gone: true, sent: true},
		"bad record": {
			before: func(_ *testing.T, _ *fake.Server, m *clienttest.Ledger, _ string) {
				m.Alter = func(r *client.Record) { r.Length = protocol.Known(6) }
			},
			want: []string{clienttest.Post, "PATCH /files/2 0+5"}, gone: true, sent: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				m := &clienttest.Ledger{}
				name := clienttest.WriteFile(t, "hello")
				first := clienttest.UploadFile(t, s, client.Config{Ledger: m}, name)
				if first.Skipped || len(m.Records) != 1 {
					t.Fatalf("skipped: %t; %d records, want Skipped false and 1 in Records", first.Skipped, len(m.Records))
				}
				already := len(s.Seen())
				if test.before != nil {
					test.before(t, s, m, name)
				}
				test.cfg.Ledger = m
				res, err := clienttest.NewClient(t, s, test.cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if test.is == nil && err != nil {
					t.Fatal(err)
				}
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
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

func becomes(data string) func(*testing.T, *fake.Server, *clienttest.Ledger, string) {
	return func(t *testing.T, _ *fake.Server, _ *clienttest.Ledger, name string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func answers(a fake.Action) func(*testing.T, *fake.Server, *clienttest.Ledger, string) {
	return func(_ *testing.T, s *fake.Server, _ *clienttest.Ledger, _ string) { s.On(http.MethodHead, a) }
}

// After a lost upload was sent again, the ledger has the new upload. A run that fails does not
// change the ledger.
func TestLedgerHasLatestUpload(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &clienttest.Ledger{}
	name := clienttest.WriteFile(t, "hello")
	cfg := client.Config{Ledger: m, Retry: retry.Never}
	s.On(http.MethodPatch, fake.Cut(2))
	if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil); err == nil || len(m.Records) != 0 {
		t.Fatalf("error %v, records %v, want an error and none in Records", err, m.Records)
	}
	clienttest.UploadFile(t, s, cfg, name)
	s.On(http.MethodHead, fake.Status(404, ""))
	again := clienttest.UploadFile(t, s, cfg, name)
	if res := clienttest.UploadFile(t, s, cfg, name); !res.Skipped || res.URL != again.URL || res.Resumed != 5 || res.Sent != 0 {
		t.Errorf("result %+v, want %s skipped", res, again.URL)
	}
}

// An upload that fails its verification gets no record in the ledger. With Verify, a recorded
// upload is compared again.
func TestSentIsVerified(t *testing.T) {
	s := fake.New(t, fake.Config{Content: true})
	m := &clienttest.Ledger{}
	name := clienttest.WriteFile(t, "hello")
	c := clienttest.NewClient(t, s, client.Config{Ledger: m})
	s.On(http.MethodPatch, fake.Damage)
	_, err := c.Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Verify: true})
	clienttest.WantErrorIs(t, err, client.ErrDifferent)
	if len(m.Records) != 0 {
		t.Errorf("records %v, want none", m.Records)
	}
	res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Verify: true})
	if err != nil || res.Skipped {
		t.Fatalf("skipped: %t, error %v, want Skipped false and no error", res.Skipped, err)
	}
	res, err = c.Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Verify: true})
	if err != nil || !res.Skipped || !res.Verified {
		t.Errorf("skipped: %t, verified: %t, error %v, want Skipped true, Verified true and no error", res.Skipped, res.Verified, err)
	}
}

// If the upload on the server has other bytes than the file, Verify makes the client send the
// file again, and the ledger has the new upload.
func TestSentUploadIsDamaged(t *testing.T) {
	for name, recreate := range map[string]client.Recreate{"gone": client.RecreateGone, "never": client.RecreateNever} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{Content: true})
			m := &clienttest.Ledger{}
			file := clienttest.WriteFile(t, "hello")
			c := clienttest.NewClient(t, s, client.Config{Ledger: m, Recreate: recreate})
			if _, err := c.Upload(t.Context(), clienttest.PathSource(t, file), nil); err != nil {
				t.Fatal(err)
			}
			for key, r := range m.Records {
				r.URL = s.Put("hallo", protocol.Known(5), nil)
				m.Records[key] = r
			}
			res, err := c.Upload(t.Context(), clienttest.PathSource(t, file), &client.UploadOptions{Verify: true})
			if recreate == client.RecreateNever {
				clienttest.WantErrorIs(t, err, client.ErrDifferent)
				return
			}
			if err != nil || res.Skipped || !res.Verified {
				t.Fatalf("result %+v, error %v, want Skipped false, Verified true and no error", res, err)
			}
			clienttest.WantStored(t, s, res.URL, "hello")
			again, err := c.Upload(t.Context(), clienttest.PathSource(t, file), &client.UploadOptions{Verify: true})
			if err != nil || !again.Skipped || again.URL != res.URL {
				t.Errorf("result %+v, error %v, want Skipped true, URL %q and no error", again, err, res.URL)
			}
		})
	}
}

// Sources that no later run could recognize are always sent, and so are the parts of
// UploadConcat.
func TestSourcesWithoutLedgerRecord(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &clienttest.Ledger{}
	c := clienttest.NewClient(t, s, client.Config{Ledger: m})
	for _, src := range []client.Source{clienttest.TextSource(t, "hello"), clienttest.StreamSource("hello", 0)} {
		if _, err := c.Upload(t.Context(), src, nil); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := clienttest.Finished(t.Context(), c, src); ok || err != nil {
			t.Errorf("record of the finished upload found: %t, error %v, want false and no error", ok, err)
		}
	}
	name := clienttest.WriteFile(t, "hello")
	if _, err := c.UploadConcat(t.Context(), []client.Source{clienttest.PathSource(t, name), clienttest.PathSource(t, name)}, nil); err != nil {
		t.Fatal(err)
	}
	if len(m.Records) != 0 {
		t.Errorf("records %v, want none", m.Records)
	}
}

// A damaged record in the ledger is replaced, and the file is sent again.
func TestLedgerRecordIsDamaged(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &clienttest.Ledger{}
	name := clienttest.WriteFile(t, "hello")
	first := clienttest.UploadFile(t, s, client.Config{Ledger: m}, name)
	m.Damaged = true
	var log bytes.Buffer
	cfg := client.Config{Ledger: m, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	if res := clienttest.UploadFile(t, s, cfg, name); !res.Skipped || res.URL != first.URL {
		t.Errorf("result %+v, want %s skipped", res, first.URL)
	}
	clienttest.WantLogged(t, &log, slog.LevelWarn, "some records of finished uploads are not used")
}

// Lookup returns the record of a finished upload without a request.
func TestSent(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &clienttest.Ledger{}
	name := clienttest.WriteFile(t, "hello")
	cfg := client.Config{Ledger: m}
	c := clienttest.NewClient(t, s, cfg)
	if _, ok, err := clienttest.Finished(t.Context(), c, clienttest.PathSource(t, name)); ok || err != nil {
		t.Errorf("Lookup before the upload: %t, %v, want false and no error", ok, err)
	}
	res := clienttest.UploadFile(t, s, cfg, name)
	already := len(s.Seen())
	r, ok, err := clienttest.Finished(t.Context(), c, clienttest.PathSource(t, name))
	if err != nil || !ok || r.URL != res.URL || r.Source != name || r.Updated.IsZero() {
		t.Errorf("record %+v, %t, %v, want URL %q, Source %q, IsZero false, true and no error", r, ok, err, res.URL, name)
	}
	if n := len(s.Seen()) - already; n != 0 {
		t.Errorf("%d requests, want 0", n)
	}
	m.Err = errors.New("no disk")
	m.Records = nil
	if _, ok, err := clienttest.Finished(t.Context(), clienttest.NewClient(t, s, client.Config{}), clienttest.PathSource(t, name)); ok || err != nil {
		t.Errorf("Lookup without a store: %t, %v", ok, err)
	}
}

// planted is a ledger that has a record for every file of a size in bytes. 0: 5.
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

// A ledger record that an attacker wrote cannot lead to a URL that the endpoint could not have
// named, and credentials are not sent to another origin.
func TestPlantedLedgerRecord(t *testing.T) {
	name := clienttest.WriteFile(t, "hello")
	for url, want := range map[string]bool{
		"https://tus.example/files/1": true, "https://other.example/1": true,
		"http://tus.example/files/1": false, "file:///etc/passwd": false, "/files/1": false, "https://me:pw@tus.example/1": false, "": false,
	} {
		c, err := client.New(client.Config{Endpoint: "https://tus.example/files/", Ledger: planted{url: url}})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := clienttest.Finished(t.Context(), c, clienttest.PathSource(t, name)); ok != want || err != nil {
			t.Errorf("%q: sent %t (%v), want %t", url, ok, err, want)
		}
	}

	s := fake.New(t, fake.Config{})
	elsewhere := s.Put("hello", protocol.Known(5), nil)
	cfg := client.Config{
		Endpoint: "http://other.example/files/", Header: http.Header{"Authorization": {"Bearer s3cret"}}, Ledger: planted{url: elsewhere},
	}
	if res := clienttest.UploadFile(t, s, cfg, name); !res.Skipped {
		t.Errorf("result %+v, want Skipped true", res)
	}
	for _, r := range s.Requests() {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s has credentials", r)
		}
	}
}
