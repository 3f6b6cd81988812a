package client_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/transport"
)

// A Doer that does not keep all promises of http.Client.Do causes an error or a usable answer,
// and never a panic.
func TestIncompleteDoer(t *testing.T) {
	nowhere := func(client.Content) (io.Writer, int64, error) { return io.Discard, 0, nil }
	little := func(answer func(*http.Request) *http.Response) client.Config {
		return client.Config{
			Endpoint: "http://tus.example/files/",
			Doer: transport.Chain(transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
				if req.Body != nil {
					_, _ = io.Copy(io.Discard, req.Body)
				}
				return answer(req), nil
			}), transport.Bearer(fickle{}), transport.Log(slog.New(slog.DiscardHandler))),
		}
	}
	t.Run("no body", func(t *testing.T) {
		c, err := client.New(little(func(req *http.Request) *http.Response {
			if req.Method == http.MethodPost {
				return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{"Location": {"/files/1"}}}
			}
			return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{"Upload-Offset": {"5"}}}
		}))
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil || res.Offset != 5 || res.URL != "http://tus.example/files/1" {
			t.Errorf("result %+v, error %v, want Offset 5, URL %q and no error", res, err, "http://tus.example/files/1")
		}
		if _, err := c.Download(t.Context(), res.URL, nowhere, nil); err == nil {
			t.Error("a download without an answer succeeds, want an error")
		}
	})
	t.Run("nothing", func(t *testing.T) {
		c, err := client.New(little(func(*http.Request) *http.Response { return nil }))
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err == nil || !strings.Contains(err.Error(), "neither an answer nor an error") || res.Retries != 0 {
			t.Errorf("result %+v, error %v, want Retries 0, an error and %q in it", res, err, "neither an answer nor an error")
		}
		if _, err := c.Download(t.Context(), "http://tus.example/files/1", nowhere, nil); err == nil {
			t.Error("a download without an answer succeeds, want an error")
		}
	})
}

// fickle is a token source whose tokens can be invalidated.
type fickle struct{}

func (fickle) Token(context.Context) (string, error) { return "a", nil }
func (fickle) Invalidate(string)                     {}
