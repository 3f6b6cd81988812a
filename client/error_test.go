package client_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

func TestErrorFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		s.On(http.MethodPatch, fake.Status(423, "ERR_UPLOAD_LOCKED: file currently locked\n", "Retry-After", "5", "X-Request-Id", "abc"))
		url := s.URL + "1?token=hidden"
		_, err := c.Patch(t.Context(), url, protocol.Patch{}, strings.NewReader("a"), 1, nil)
		clienttest.WantErrorIs(t, err, protocol.ErrLocked)
		e := clienttest.ErrorOf(t, err)
		want := &client.Error{
			Op: protocol.OpPatch, URL: url, StatusCode: 423, Code: "ERR_UPLOAD_LOCKED", Header: e.Header,
			Body:  "ERR_UPLOAD_LOCKED: file currently locked\n",
			Class: client.ClassLocked, Unmarked: true, HeaderSize: e.HeaderSize,
		}
		if diff := cmp.Diff(want, e, cmpopts.IgnoreFields(client.Error{}, "Err"), cmpopts.IgnoreUnexported(client.Error{})); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
		if e.Header.Get("X-Request-Id") != "abc" {
			t.Errorf("headers %v, want X-Request-Id %q", e.Header, "abc")
		}
		if wait, ok := e.RetryAfter(); !ok || wait != 5*time.Second {
			t.Errorf("wait %v, %t, want %v and true", wait, ok, 5*time.Second)
		}
		if got, want := err.Error(), `patch http://tus.example/files/1: locked (423): "ERR_UPLOAD_LOCKED: file currently locked"`; got != want {
			t.Errorf("text\n got %s\nwant %s", got, want)
		}
	})
}

func TestErrorText(t *testing.T) {
	e := func(body string) string {
		return (&client.Error{Op: protocol.OpHead, URL: "http://h/f?q", StatusCode: 400, Body: body, Err: protocol.ErrBadRequest}).Error()
	}
	const prefix = "head http://h/f: bad request"
	tests := map[string]struct{ body, want string }{
		"no body":       {"", prefix},
		"spaces":        {" \r\n", prefix},
		"a page":        {"\n<html>", prefix},
		"words":         {"no\n", prefix + `: "no"`},
		"two lines":     {"a\nb", prefix + `: "a\nb"`},
		"escapes":       {"\x1b[31mred\x00", prefix + `: "\x1b[31mred\x00"`},
		"not UTF-8":     {"\xff\xfe", prefix + `: "\xff\xfe"`},
		"a long text":   {strings.Repeat("a", 4096), prefix + `: "` + strings.Repeat("a", 300) + `…"`},
		"cut in a rune": {strings.Repeat("a", 299) + "ü" + strings.Repeat("b", 99), prefix + `: "` + strings.Repeat("a", 299) + `…"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := e(test.body); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestErrorBodyIsBounded(t *testing.T) {
	s := fake.New(t, fake.Config{})
	s.On(http.MethodPost, fake.Status(500, strings.Repeat("x", 1<<20)))
	_, err := clienttest.NewClient(t, s, client.Config{}).Create(t.Context(), protocol.Creation{}, nil)
	if n := len(clienttest.ErrorOf(t, err).Body); n != 4096 {
		t.Errorf("the error keeps %d bytes of the body, want 4096", n)
	}
	// The body of a success is not kept.
	s.On(http.MethodPost, fake.Status(200, strings.Repeat("x", 1<<20)))
	_, err = clienttest.NewClient(t, s, client.Config{}).Create(t.Context(), protocol.Creation{}, nil)
	if n := len(clienttest.ErrorOf(t, err).Body); n != 0 {
		t.Errorf("the error keeps %d bytes of a success, want 0", n)
	}
}

// Errors, logs and the text of events do not contain secrets.
func TestSecretsStaySecret(t *testing.T) {
	config := fake.Config{Location: func(path string) string { return path + "?sig=hidden" }}
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, config)
		var logged bytes.Buffer
		c := clienttest.NewClient(t, s, client.Config{
			Endpoint: "http://user:hidden@tus.example/files/?token=hidden",
			Header:   http.Header{"X-Key": {"hidden"}},
			Logger:   slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Retry:    clienttest.RetryEachSecond(3),
		})
		check := func(what, text string) {
			t.Helper()
			if strings.Contains(text, "hidden") {
				t.Errorf("%s contains a secret: %s", what, text)
			}
		}
		redirect := fake.Status(302, "", "Location", "http://u:hidden@h/?hidden")
		s.On(http.MethodPatch, fake.Cut(1), fake.Lose, fake.Status(409, ""), redirect, redirect)
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{ChunkSize: 3, OnEvent: func(e client.Event) {
			if e.Err != nil {
				check("event", e.Err.Error())
			}
		}})
		clienttest.WantErrorIs(t, err, client.ErrRedirected)
		check("error", err.Error())
		if !strings.HasSuffix(res.URL, "?sig=hidden") {
			t.Errorf("the URL is %s, want the complete URL", res.URL)
		}
		for _, location := range []string{"ftp://h/?hidden", "http://[hidden/", "http://h:hidden/", "http://u:hidden@/"} {
			s.On(http.MethodPost, fake.Status(201, "", "Location", location))
			_, err = c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			clienttest.WantErrorIs(t, err, client.ErrInvalidLocation)
			if strings.Contains(location, "?") || strings.Contains(location, "@") {
				check("error", err.Error())
			}
		}
		logged.Reset()
		dead := clienttest.NewClient(t, s, client.Config{
			Endpoint: "http://tus.example/files/?token=hidden", Retry: clienttest.RetryEachSecond(1),
			Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
				s.Doer().CloseIdleConnections()
				return s.Doer().Do(r.WithContext(dying(r.Context())))
			}),
			Logger: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		_, err = dead.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		check("error", err.Error())
		check("log", logged.String())
		if logged.Len() == 0 {
			t.Error("there is no log record")
		}
	})
}

// dying returns a context that has ended. Only the network sees it.
func dying(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

// An Error without a cause, such as a user may make to test Classify, has a text.
func TestErrorWithoutCause(t *testing.T) {
	e := &client.Error{Op: protocol.OpPatch, StatusCode: 503}
	if got := e.Error(); got != "patch" || e.Class != client.ClassFinal {
		t.Errorf("%q, %v, want %q and Class %v", got, e.Class, "patch", client.ClassFinal)
	}
}
