package transport_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/transport"
)

// Each request is logged without the query and the user of its URL.
func TestLog(t *testing.T) {
	t.Parallel()
	answer := transport.DoerFunc(func(*http.Request) (*http.Response, error) {
		time.Sleep(time.Second)
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
	})
	failure := transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("wrapped: %w", &url.Error{Op: "Patch", URL: req.URL.String(), Err: errTest})
	})
	for _, c := range []struct {
		name  string
		doer  transport.Doer
		level slog.Level
		want  string
	}{
		{"answer", answer, slog.LevelDebug, `level=DEBUG msg="http request" method=PATCH url=https://tus.example/files/1 took=1s status=204` + "\n"},
		{"error", failure, slog.LevelDebug, `level=DEBUG msg="http request" method=PATCH url=https://tus.example/files/1 took=0s err="test failure"` + "\n"},
		{"not enabled", answer, slog.LevelInfo, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
					Level: c.level,
					ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
						if a.Key == slog.TimeKey {
							return slog.Attr{}
						}
						return a
					},
				}))
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "https://user:pass@tus.example/files/1?token=secret#x", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := transport.Chain(c.doer, transport.Log(log)).Do(req)
				if err == nil {
					_ = resp.Body.Close()
				} else if !errors.Is(err, errTest) {
					t.Errorf("error %v, want %v", err, errTest)
				}
				if out.String() != c.want {
					t.Errorf("logged %q, want %q", out.String(), c.want)
				}
			})
		})
	}
}

// A nil logger adds no middleware.
func TestLogNil(t *testing.T) {
	t.Parallel()
	end := &last{}
	if d := transport.Chain(end, transport.Log(nil)); d != transport.Doer(end) {
		t.Error("Log with a nil logger adds a middleware")
	}
}
