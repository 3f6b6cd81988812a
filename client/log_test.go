package client_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// records is a slog.Handler that keeps level, message and the names of the
// attributes.
type records struct{ list *[][]string }

func (h records) Enabled(context.Context, slog.Level) bool { return true }
func (h records) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h records) WithGroup(string) slog.Handler            { return h }

func (h records) Handle(_ context.Context, r slog.Record) error {
	line := []string{r.Level.String(), r.Message}
	r.Attrs(func(a slog.Attr) bool {
		line = append(line, a.Key)
		return true
	})
	*h.list = append(*h.list, line)
	return nil
}

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		var got [][]string
		c := clienttest.NewClient(t, s, client.Config{Logger: slog.New(records{&got})})
		s.On(http.MethodPatch, fake.Cut(2))
		s.On(http.MethodHead, fake.With("Upload-Metadata", "a !"))
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		want := [][]string{
			{"DEBUG", "exchange", "op", "url", "took", "status", "offset"},
			{"INFO", "upload created", "url", "offset"},
			{"DEBUG", "exchange", "op", "url", "took", "err"},
			{"WARN", "retrying", "op", "url", "offset", "attempt", "wait", "err"},
			{"DEBUG", "exchange", "op", "url", "took", "status", "offset"},
			{"WARN", "unreadable header", "op", "url", "err"},
			{"DEBUG", "exchange", "op", "url", "took", "status", "offset"},
			{"INFO", "upload complete", "url", "offset"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		got = nil
		url := s.Put("h", protocol.Known(1), nil)
		if _, err := c.Resume(t.Context(), url, clienttest.TextSource(t, "hello"), nil); err == nil {
			t.Fatal("no error")
		}
		if last := got[len(got)-1]; last[0] != "INFO" || last[1] != "upload failed" || last[len(last)-1] != "err" {
			t.Errorf("last record %q, want [0] %q, [1] %q and last %q", last, "INFO", "upload failed", "err")
		}
	})
}
