package logs

import (
	"context"
	"encoding/base64"
	"log/slog"
	"slices"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// withBytes makes text of each error, with joined errors on one line. It adds a field
// with the bytes, in base64, to each text field that is not UTF-8, such as the name of
// a file. The name of the added field ends in _bytes. JSON replaces the invalid bytes in
// the text, so different names could look the same.
type withBytes struct{ slog.Handler }

// Handle implements slog.Handler.
func (h withBytes) Handle(ctx context.Context, r slog.Record) error {
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	out.AddAttrs(addBytes(attrs)...)
	return h.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (h withBytes) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withBytes{h.Handler.WithAttrs(addBytes(attrs))}
}

// WithGroup implements slog.Handler.
func (h withBytes) WithGroup(name string) slog.Handler {
	return withBytes{h.Handler.WithGroup(name)}
}

// addBytes makes text of each error, and adds the bytes after each text that is not
// UTF-8.
func addBytes(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		value := a.Value.Resolve()
		if err, ok := value.Any().(error); ok && value.Kind() == slog.KindAny && err != nil {
			value = slog.StringValue(output.ErrorText(err))
			a = slog.Attr{Key: a.Key, Value: value}
		}
		out = append(out, a)
		if value.Kind() != slog.KindString {
			continue
		}
		if b := output.Bytes(value.String()); b != nil {
			out = append(out, slog.String(a.Key+"_bytes", base64.StdEncoding.EncodeToString(b)))
		}
	}
	return slices.Clip(out)
}
