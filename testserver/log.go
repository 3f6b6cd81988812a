package testserver

import (
	"context"
	"log/slog"

	expslog "golang.org/x/exp/slog"
)

// bridge is the handler of tusd's logger, which uses golang.org/x/exp/slog. It
// logs each record at debug level, because tusd's errors are often the faults
// that a test injected.
type bridge struct{ to slog.Handler }

func newBridge(l *slog.Logger) *expslog.Logger { return expslog.New(bridge{l.Handler()}) }

func (b bridge) Enabled(ctx context.Context, _ expslog.Level) bool {
	return b.to.Enabled(ctx, slog.LevelDebug)
}

func (b bridge) Handle(ctx context.Context, r expslog.Record) error {
	out := slog.NewRecord(r.Time, slog.LevelDebug, r.Message, r.PC)
	r.Attrs(func(a expslog.Attr) bool {
		out.AddAttrs(bridgeAttr(a))
		return true
	})
	return b.to.Handle(ctx, out)
}

func (b bridge) WithAttrs(attrs []expslog.Attr) expslog.Handler {
	return bridge{b.to.WithAttrs(bridgeAttrs(attrs))}
}

func (b bridge) WithGroup(name string) expslog.Handler {
	return bridge{b.to.WithGroup(name)}
}

func bridgeAttrs(attrs []expslog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = bridgeAttr(a)
	}
	return out
}

func bridgeAttr(a expslog.Attr) slog.Attr {
	v := a.Value.Resolve()
	if v.Kind() == expslog.KindGroup {
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(bridgeAttrs(v.Group())...)}
	}
	return slog.Any(a.Key, v.Any())
}
