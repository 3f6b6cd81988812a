package testserver

import (
	"bytes"
	"log/slog"
	"testing"

	expslog "golang.org/x/exp/slog"
)

// The bridge keeps attributes and groups.
func TestBridge(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := newBridge(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	l.With("a", 1).WithGroup("g").Error("words", "b", true, expslog.Group("h", "c", "x"))
	want := "level=DEBUG msg=words a=1 g.b=true g.h.c=x\n"
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
