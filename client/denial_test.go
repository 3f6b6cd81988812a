package client_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// denies keeps all bytes and answers with an error, as a hook after the upload
// does. Further headers are given as names and values in turn.
func denies(status int, words string, header ...string) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&unheard{header: http.Header{}}, r)
		fake.Status(status, words, append([]string{"Tus-Resumable", "1.0.0"}, header...)...)(w, r, next)
	}
}

// unheard takes an answer that nobody gets.
type unheard struct{ header http.Header }

func (w *unheard) Header() http.Header         { return w.header }
func (w *unheard) Write(p []byte) (int, error) { return len(p), nil }
func (w *unheard) WriteHeader(int)             {}

const eicar = "ERR_SCAN: the scanner found EICAR"

// wantRefused checks that an upload failed by the words of the server's hook.
func wantRefused(t *testing.T, err error, status int) {
	t.Helper()
	wantIs(t, err, client.ErrRefused)
	e := facts(t, err)
	if e.StatusCode != status || e.Code != "ERR_SCAN" || e.Class != client.ClassFinal || !strings.Contains(err.Error(), eicar) {
		t.Errorf("error %v with status %d, code %q and class %v; want the hook's", err, e.StatusCode, e.Code, e.Class)
	}
}

// A refusal of the last bytes is told by each later run, in the same words, and
// nothing is sent.
func TestRefusedUpload(t *testing.T) {
	tests := map[string]struct {
		status int
		before func(s *fake.Server, url string) // what happens between the runs
		want   []string                         // requests of the second run
		ok     bool                             // the second run succeeds
	}{
		"complete":     {status: 422, want: []string{head}},
		"bad request":  {status: 400, want: []string{head}},
		"content type": {status: 415, want: []string{head}},
		"deleted":      {status: 422, before: func(s *fake.Server, _ string) { s.On(http.MethodHead, fake.Status(404, "")) }, want: []string{head}},
		"bytes lost": {
			status: 422, before: func(s *fake.Server, url string) { s.Truncate(url, half) },
			want: []string{head, "PATCH /files/1 524288+524288", "PATCH /files/1 1048576+1"}, ok: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := write(t, noise(smallest))
				s.On(http.MethodPatch, nil, nil, denies(test.status, eicar))
				res, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
				wantRefused(t, err, test.status)
				want := client.Denial{StatusCode: test.status, Code: "ERR_SCAN", Words: eicar, Refused: true}
				if diff := cmp.Diff(want, onlyRecord(t, &store).Denial); diff != "" {
					t.Errorf("record (-want +got):\n%s", diff)
				}
				already := len(s.Seen())
				if test.before != nil {
					test.before(s, res.URL)
				}
				res, err = recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
				if diff := cmp.Diff(test.want, s.Seen()[already:]); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if test.ok {
					if err != nil || res.Denial != (client.Denial{}) {
						t.Errorf("result %+v, error %v", res, err)
					}
					wantNoRecord(t, &store)
					return
				}
				wantRefused(t, err, test.status)
				if r, found, err := unfinishedOf(recorder(t, s, &store, nil), t.Context(), path(t, name)); !found || err != nil || r.Denial != want {
					t.Errorf("recorded %+v, %t, %v", r.Denial, found, err)
				}
			})
		})
	}
}

// RecreateAlways starts over with what the server refused.
func TestRefusedUploadStartsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := write(t, noise(smallest))
		s.On(http.MethodPatch, nil, nil, denies(422, eicar))
		_, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
		wantRefused(t, err, 422)
		cfg := recording(&store, nil)
		cfg.Recreate = client.RecreateAlways
		res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
		if err != nil || res.URL != s.URL+"2" || res.Resumed != 0 {
			t.Errorf("result %+v, error %v", res, err)
		}
		wantNoRecord(t, &store)
	})
}

// An answer to the last bytes that is not a verdict on the upload leaves it to
// HEAD whether the upload is complete.
func TestNoVerdict(t *testing.T) {
	tests := map[string]struct {
		deny   fake.Action
		denial int // status that the second run tells of
		is     error
	}{
		"unauthorized": {deny: denies(401, "who are you"), is: protocol.ErrUnauthorized},
		"forbidden":    {deny: denies(403, "not for you"), is: protocol.ErrForbidden, denial: 403},
		"too large":    {deny: denies(413, "too much"), is: protocol.ErrTooLarge, denial: 413},
		"conflict":     {deny: denies(409, "another offset"), is: protocol.ErrOffsetMismatch},
		"locked":       {deny: denies(423, "in use"), is: protocol.ErrLocked},
		"throttled":    {deny: denies(429, "slowly"), is: protocol.ErrTooManyRequests},
		"too early":    {deny: denies(425, ""), is: protocol.ErrTooEarly},
		"server":       {deny: denies(500, "hook crashed"), is: protocol.ErrServer, denial: 500},
		"not by tus":   {deny: denies(422, "<html>", "Tus-Resumable", ""), is: protocol.ErrUnexpectedStatus},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := write(t, noise(smallest))
				s.On(http.MethodPatch, nil, nil, test.deny)
				_, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
				wantIs(t, err, test.is)
				if errors.Is(err, client.ErrRefused) {
					t.Errorf("error %v is a refusal", err)
				}
				var log bytes.Buffer
				res, err := recorder(t, s, &store, &log).Upload(t.Context(), path(t, name), nil)
				if err != nil || res.Sent != 0 || !res.Confirmed || res.Denial.StatusCode != test.denial {
					t.Errorf("result %+v, error %v", res, err)
				}
				if test.denial == 0 {
					wantNoWarning(t, &log)
				}
				wantNoRecord(t, &store)
			})
		})
	}
}

// A failure of the server at the end of an upload that is complete by HEAD is a
// success, and what the server said is told.
func TestCompleteThoughDenied(t *testing.T) {
	for name, src := range map[string]func(t *testing.T) client.Source{
		"file":     func(t *testing.T) client.Source { t.Helper(); return path(t, write(t, "hello")) },
		"stream":   func(*testing.T) client.Source { return stream("hello", 0) },
		"readerat": func(t *testing.T) client.Source { t.Helper(); return text(t, "hello") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, denies(500, eicar))
				var log bytes.Buffer
				cfg := recording(nil, &log)
				cfg.Retry = second(1)
				res, err := newClient(t, s, cfg).Upload(t.Context(), src(t), nil)
				want := client.Denial{StatusCode: 500, Code: "ERR_SCAN", Words: eicar}
				if err != nil || !res.Confirmed || res.Denial != want {
					t.Errorf("result %+v, error %v", res, err)
				}
				line := wantLogged(t, &log, 4, "the server has all of the upload, but answered its last bytes with an error")
				if !strings.Contains(line, "EICAR") {
					t.Errorf("log %q", line)
				}
			})
		})
	}
}

// A refusal counts in the run that gets it, whatever is sent and whether there is a
// record: where HEAD is asked after it, HEAD does not take it back.
func TestRefusedInOneRun(t *testing.T) {
	tests := map[string]func(t *testing.T, s *fake.Server, c *client.Client) error{
		"small file": func(t *testing.T, _ *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), path(t, write(t, "hello")), nil)
			return err
		},
		"stream": func(t *testing.T, _ *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), stream("hello", 0), nil)
			return err
		},
		"resume": func(t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := c.Resume(t.Context(), s.Put("he", protocol.Known(5), nil), text(t, "hello"), nil)
			return err
		},
		"send": func(t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := resumeOnce(c, t.Context(), s.Put("he", protocol.Known(5), nil), text(t, "hello"), nil)
			return err
		},
		"part": func(t *testing.T, _ *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := c.UploadConcat(t.Context(), []client.Source{text(t, "hello")}, nil)
			return err
		},
	}
	for name, upload := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, denies(422, eicar))
				wantRefused(t, upload(t, s, newClient(t, s, client.Config{Retry: second(3)})), 422)
			})
		})
	}
}

// A refusal that comes from where a redirect led stands, though HEAD is asked
// whether the upload is still there.
func TestRefusedAfterRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodPatch {
				next.ServeHTTP(w, r)
				return
			}
			if r.URL.RawQuery == "" {
				http.Redirect(w, r, r.URL.Path+"?node", http.StatusTemporaryRedirect)
				return
			}
			if r.Header.Get("Upload-Offset") == "0" {
				next.ServeHTTP(w, r)
				return
			}
			denies(422, eicar)(w, r, next)
		}})
		_, err := newClient(t, s, client.Config{Retry: second(3), ChunkSize: 3}).Upload(t.Context(), text(t, "hello"), nil)
		wantRefused(t, err, 422)
	})
}

// A creation that is refused, with its bytes or without any, makes no upload that a
// later run could take for complete: the server is asked again.
func TestRefusedCreation(t *testing.T) {
	for name, data := range map[string]string{"inline": "hello", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, m := new(client.MemoryStore), &sentMap{}
				s := fake.New(t, fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload}})
				name := write(t, data)
				s.On(http.MethodPost, denies(422, eicar), denies(422, eicar))
				for range 2 {
					c := newClient(t, s, client.Config{Store: store, Ledger: m, Retry: second(3)})
					if err := c.Learn(t.Context()); err != nil {
						t.Fatal(err)
					}
					_, err := c.Upload(t.Context(), path(t, name), nil)
					wantIs(t, err, protocol.ErrUnexpectedStatus)
					if e := facts(t, err); e.StatusCode != http.StatusUnprocessableEntity || e.Code != "ERR_SCAN" {
						t.Errorf("error %v", err)
					}
				}
				if len(m.records) > 0 {
					t.Errorf("sent: %v", m.records)
				}
			})
		})
	}
}

// A refused part fails each later run, and a refused joining is asked for again:
// the server's answer counts each time.
func TestRefusedParts(t *testing.T) {
	tests := map[string]struct {
		method string
		record bool // of the refused part
		asked  int  // joinings of the second run
	}{
		"part":    {http.MethodPatch, true, 0},
		"joining": {http.MethodPost, false, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := write(t, noise(2<<20))
				opts := &client.UploadOptions{Parallel: 2}
				hook := denies(422, eicar)
				if test.method == http.MethodPatch {
					s.On(test.method, s.Hang(1000), hook) // the refusal ends the other part
				} else {
					s.On(test.method, nil, nil, hook, hook)
				}
				cfg := client.Config{Store: &store, Retry: retry.Never}
				_, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), opts)
				if e := facts(t, err); e.StatusCode != http.StatusUnprocessableEntity || e.Code != "ERR_SCAN" {
					t.Fatalf("error %v", err)
				}
				refused := 0
				for _, p := range onlyRecord(t, &store).Parts {
					if p.Denial.Refused {
						refused++
					}
				}
				if test.record != (refused == 1) {
					t.Errorf("%d refused parts on record", refused)
				}
				already := len(s.Seen())
				_, err = newClient(t, s, cfg).Upload(t.Context(), path(t, name), opts)
				if e := facts(t, err); e.StatusCode != http.StatusUnprocessableEntity || e.Code != "ERR_SCAN" {
					t.Fatalf("error %v", err)
				}
				if test.record {
					wantRefused(t, err, 422)
				}
				asked := 0
				for _, r := range s.Seen()[already:] {
					switch {
					case r == post:
						asked++
					case !strings.HasPrefix(r, http.MethodHead):
						t.Errorf("request %s", r)
					}
				}
				if asked != test.asked {
					t.Errorf("%d joinings, want %d", asked, test.asked)
				}
			})
		})
	}
}

// What was sent before, lost by the server in part, and then refused is not left
// out by a later run.
func TestRefusedIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		m := &sentMap{}
		name := write(t, "hello")
		cfg := client.Config{Ledger: m, Retry: retry.Never}
		first := sendOnce(t, s, cfg, name)
		s.Truncate(first.URL, 2)
		s.On(http.MethodPatch, denies(422, eicar))
		for range 2 {
			res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
			wantRefused(t, err, 422)
			if res.Skipped {
				t.Error("skipped")
			}
			if _, sent, err := finishedOf(newClient(t, s, cfg), t.Context(), path(t, name)); sent || err != nil {
				t.Errorf("sent: %t, error %v", sent, err)
			}
		}
		cfg.Recreate = client.RecreateAlways
		if res := sendOnce(t, s, cfg, name); res.URL == first.URL {
			t.Errorf("result %+v, want another upload", res)
		}
		cfg.Recreate = client.RecreateGone
		if res := sendOnce(t, s, cfg, name); !res.Skipped {
			t.Errorf("result %+v, want it skipped", res)
		}
	})
}

// A file that a hook refuses is not on the list of what was sent.
func TestRefusedIsNotKept(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &sentMap{}
	s.On(http.MethodPatch, denies(422, eicar))
	_, err := newClient(t, s, client.Config{Ledger: m, Retry: retry.Never}).Upload(t.Context(), path(t, write(t, "hello")), nil)
	wantRefused(t, err, 422)
	if len(m.records) > 0 {
		t.Errorf("sent: %v", m.records)
	}
}

// Config.Classify can make a verdict of any status, and none of any other.
func TestClassifyMakesVerdict(t *testing.T) {
	for class, status := range map[client.Class]int{client.ClassFinal: 500, client.ClassTransient: 422} {
		t.Run(class.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, denies(status, eicar))
				cfg := client.Config{Retry: second(3), Classify: func(e *client.Error, given client.Class) client.Class {
					if e.StatusCode == status {
						return class
					}
					return given
				}}
				_, err := newClient(t, s, cfg).Upload(t.Context(), text(t, "hello"), nil)
				if class == client.ClassFinal {
					wantRefused(t, err, status)
				} else if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What a server says is kept shortened, and a record with more is none.
func TestDenialIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := write(t, noise(smallest))
		s.On(http.MethodPatch, nil, nil, denies(422, "ERR_"+strings.Repeat("X", 3000)+": \xff"+strings.Repeat("é", 3000)))
		_, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
		wantIs(t, err, client.ErrRefused)
		d := onlyRecord(t, &store).Denial
		if len(d.Words) == 0 || len(d.Words) > 512 || len(d.Code) > 512 {
			t.Errorf("%d bytes of words, %d of code", len(d.Words), len(d.Code))
		}
	})
	for name, d := range map[string]client.Denial{
		"status": {StatusCode: 200}, "no status": {Words: "x"}, "words": {StatusCode: 422, Words: strings.Repeat("x", 513)},
		"code": {StatusCode: 422, Code: strings.Repeat("x", 513)}, "UTF-8": {StatusCode: 422, Words: "\xff"},
	} {
		for _, r := range []*client.Record{
			{Key: "k", URL: "http://h/1", Denial: d},
			{Key: "k", Parts: []client.PartRecord{{Denial: d}}},
		} {
			if err := r.Validate(); !errors.Is(err, client.ErrInvalidRecord) {
				t.Errorf("%s: error %v, want %v", name, err, client.ErrInvalidRecord)
			}
		}
	}
}
