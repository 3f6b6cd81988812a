package logs

import (
	"context"
	"encoding/base64"
	"log/slog"
	"slices"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// withBytes adds a field with the bytes, in base64, to each text field that is not
// UTF-8, such as the name of a file. The name of the added field ends in _bytes.
// JSON replaces the invalid bytes in the text, so different names could look the
// same.
type withBytes struct{ slog.Handler }

// Handle implements slog.Handler.
func (h withBytes) Handle(ctx context.Context, r slog.Record) error {
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	extended := addBytes(attrs)
	if len(extended) == len(attrs) {
		return h.Handler.Handle(ctx, r)
	}
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	out.AddAttrs(extended...)
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

// addBytes adds the bytes after each text that is not UTF-8.
func addBytes(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		out = append(out, a)
		if b := output.Bytes(text(a.Value.Resolve())); b != nil {
			out = append(out, slog.String(a.Key+"_bytes", base64.StdEncoding.EncodeToString(b)))
		}
	}
	return slices.Clip(out)
}

// text returns the text that a value is encoded as, if it is encoded as text.
func text(v slog.Value) string {
	switch v.Kind() {
	case slog.KindString:
		return v.String()
	case slog.KindAny:
		if err, ok := v.Any().(error); ok && err != nil {
			return err.Error()
		}
	}
	return ""
}
