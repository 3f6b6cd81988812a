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
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// denies keeps all bytes and answers with an error, as a hook after the upload does. header
// contains names and values in turn.
func denies(status int, words string, header ...string) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&unheard{header: http.Header{}}, r)
		fake.Status(status, words, append([]string{"Tus-Resumable", "1.0.0"}, header...)...)(w, r, next)
	}
}

// unheard is a ResponseWriter that discards the answer.
type unheard struct{ header http.Header }

func (w *unheard) Header() http.Header         { return w.header }
func (w *unheard) Write(p []byte) (int, error) { return len(p), nil }
func (w *unheard) WriteHeader(int)             {}

const eicar = "ERR_SCAN: the scanner found EICAR"

// wantRefused checks that err is ErrRefused with the text of the server's hook.
func wantRefused(t *testing.T, err error, status int) {
	t.Helper()
	clienttest.WantErrorIs(t, err, client.ErrRefused)
	e := clienttest.ErrorOf(t, err)
	if e.StatusCode != status || e.Code != "ERR_SCAN" || e.Class != client.ClassFinal || !strings.Contains(err.Error(), eicar) {
		t.Errorf("error %v with status %d, code %q and class %v; want the hook's", err, e.StatusCode, e.Code, e.Class)
	}
}

// Each later run reports a refusal of the last bytes with the same text, and sends nothing.
func TestRefusedUpload(t *testing.T) {
	tests := map[string]struct {
		status int
		before func(s *fake.Server, url string) // what happens between the runs
		want   []string                         // requests of the second run
		ok     bool                             // the second run succeeds
	}{
		"complete":     {status: 422, want: []string{clienttest.Head}},
		"bad request":  {status: 400, want: []string{clienttest.Head}},
		"content type": {status: 415, want: []string{clienttest.Head}},
		"deleted":      {status: 422, before: func(s *fake.Server, _ string) { s.On(http.MethodHead, fake.Status(404, "")) }, want: []string{clienttest.Head}},
		"bytes lost": {
			status: 422, before: func(s *fake.Server, url string) { s.Truncate(url, clienttest.ChunkSize) },
			want: []string{clienttest.Head, "PATCH /files/1 524288+524288", "PATCH /files/1 1048576+1"}, ok: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				s.On(http.MethodPatch, nil, nil, denies(test.status, eicar))
				res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				wantRefused(t, err, test.status)
				want := client.Denial{StatusCode: test.status, Code: "ERR_SCAN", Words: eicar, Refused: true}
				if diff := cmp.Diff(want, clienttest.OnlyRecord(t, &store).Denial); diff != "" {
					t.Errorf("record (-want +got):\n%s", diff)
				}
				already := len(s.Seen())
				if test.before != nil {
					test.before(s, res.URL)
				}
				res, err = clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if diff := cmp.Diff(test.want, s.Seen()[already:]); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if test.ok {
					if err != nil || res.Denial != (client.Denial{}) {
						t.Errorf("result %+v, error %v, want Denial %v and no error", res, err, client.Denial{})
					}
					clienttest.WantNoRecord(t, &store)
					return
				}
				wantRefused(t, err, test.status)
				if r, found, err := clienttest.Unfinished(t.Context(), clienttest.NewRecordingClient(t, s, &store, nil), clienttest.PathSource(t, name)); !found || err != nil || r.Denial != want {
					t.Errorf("record %+v, found %t, error %v, want Denial %v, true and no error", r.Denial, found, err, want)
				}
			})
		})
	}
}

// RecreateAlways starts a refused upload over.
func TestRefusedUploadStartsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		s.On(http.MethodPatch, nil, nil, denies(422, eicar))
		_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		wantRefused(t, err, 422)
		cfg := clienttest.RecordingConfig(&store, nil)
		cfg.Recreate = client.RecreateAlways
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil || res.URL != s.URL+"2" || res.Resumed != 0 {
			t.Errorf("result %+v, error %v, want URL %q, Resumed 0 and no error", res, err, s.URL+"2")
		}
		clienttest.WantNoRecord(t, &store)
	})
}

// If the answer to the last bytes is not a verdict on the upload, HEAD decides whether the
// upload is complete.
func TestLastAnswerThatIsNoRefusal(t *testing.T) {
	tests := map[string]struct {
		deny   fake.Action
		denial int // status of Result.Denial in the second run; 0: none
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
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				s.On(http.MethodPatch, nil, nil, test.deny)
				_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, test.is)
				if errors.Is(err, client.ErrRefused) {
					t.Errorf("error %v wraps ErrRefused", err)
				}
				var log bytes.Buffer
				res, err := clienttest.NewRecordingClient(t, s, &store, &log).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil || res.Sent != 0 || !res.Confirmed || res.Denial.StatusCode != test.denial {
					t.Errorf("result %+v, error %v, want Sent 0, Confirmed true, Denial.StatusCode %v and no error", res, err, test.denial)
				}
				if test.denial == 0 {
					clienttest.WantNoWarning(t, &log)
				}
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// If the last bytes get a 500 and HEAD says that the upload is complete, Upload succeeds. The
// answer is in Result.Denial and in the log.
func TestServerErrorAfterLastByteSucceeds(t *testing.T) {
	for name, src := range map[string]func(t *testing.T) client.Source{
		"file": func(t *testing.T) client.Source {
			t.Helper()
			return clienttest.PathSource(t, clienttest.WriteFile(t, "hello"))
		},
		"stream":   func(*testing.T) client.Source { return clienttest.StreamSource("hello", 0) },
		"readerat": func(t *testing.T) client.Source { t.Helper(); return clienttest.TextSource(t, "hello") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, denies(500, eicar))
				var log bytes.Buffer
				cfg := clienttest.RecordingConfig(nil, &log)
				cfg.Retry = clienttest.RetryEachSecond(1)
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), src(t), nil)
				want := client.Denial{StatusCode: 500, Code: "ERR_SCAN", Words: eicar}
				if err != nil || !res.Confirmed || res.Denial != want {
					t.Errorf("result %+v, error %v, want Confirmed true, Denial %v and no error", res, err, want)
				}
				line := clienttest.WantLogged(t, &log, 4, "the server has all bytes, but answered the last request with an error")
				if !strings.Contains(line, "EICAR") {
					t.Errorf("log %q, want %q in it", line, "EICAR")
				}
			})
		})
	}
}

// A refusal of the last bytes is an error for every kind of source, also without a record, and
// although a later HEAD says that the upload is complete.
func TestRefusedInOneRun(t *testing.T) {
	tests := map[string]func(t *testing.T, s *fake.Server, c *client.Client) error{
		"small file": func(t *testing.T, _ *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, "hello")), nil)
			return err
		},
		"stream": func(t *testing.T, _ *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), clienttest.StreamSource("hello", 0), nil)
			return err
		},
		"resume": func(t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := c.Resume(t.Context(), s.Put("he", protocol.Known(5), nil), clienttest.TextSource(t, "hello"), nil)
			return err
		},
		"send": func(t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := clienttest.ResumeOnce(t.Context(), c, s.Put("he", protocol.Known(5), nil), clienttest.TextSource(t, "hello"), nil)
			return err
		},
		"part": func(t *testing.T, _ *fake.Server, c *client.Client) error {
			t.Helper()
			_, err := c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "hello")}, nil)
			return err
		},
	}
	for name, upload := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, denies(422, eicar))
				wantRefused(t, upload(t, s, clienttest.NewClient(t, s, client.Config{Retry: clienttest.RetryEachSecond(3)})), 422)
			})
		})
	}
}

// A refusal from the target of a redirect is an error, although HEAD then finds the upload.
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
		_, err := clienttest.NewClient(t, s, client.Config{Retry: clienttest.RetryEachSecond(3), ChunkSize: 3}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		wantRefused(t, err, 422)
	})
}

// After a refused creation, with or without bytes, a later run sends the creation again.
func TestRefusedCreation(t *testing.T) {
	for name, data := range map[string]string{"inline": "hello", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, m := new(client.MemoryStore), &clienttest.Ledger{}
				s := fake.New(t, fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload}})
				name := clienttest.WriteFile(t, data)
				s.On(http.MethodPost, denies(422, eicar), denies(422, eicar))
				for range 2 {
					c := clienttest.NewClient(t, s, client.Config{Store: store, Ledger: m, Retry: clienttest.RetryEachSecond(3)})
					if err := c.Learn(t.Context()); err != nil {
						t.Fatal(err)
					}
					_, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
					clienttest.WantErrorIs(t, err, protocol.ErrUnexpectedStatus)
					if e := clienttest.ErrorOf(t, err); e.StatusCode != http.StatusUnprocessableEntity || e.Code != "ERR_SCAN" {
						t.Errorf("error %v, want StatusCode 422 and Code %q", err, "ERR_SCAN")
					}
				}
				if len(m.Records) > 0 {
					t.Errorf("finished uploads: %v, want none", m.Records)
				}
			})
		})
	}
}

// Config.Classify can turn any status into a refusal, and a refusal into another error.
func TestClassifyMakesVerdict(t *testing.T) {
	for class, status := range map[client.Class]int{client.ClassFinal: 500, client.ClassTransient: 422} {
		t.Run(class.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, denies(status, eicar))
				cfg := client.Config{Retry: clienttest.RetryEachSecond(3), Classify: func(e *client.Error, given client.Class) client.Class {
					if e.StatusCode == status {
						return class
					}
					return given
				}}
				_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				if class == client.ClassFinal {
					wantRefused(t, err, status)
				} else if err != nil {
					t.Error(err)
				}
			})
		})
	}
}
