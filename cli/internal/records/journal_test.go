package records

import (
	"log/slog"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// A journal says when it loads the record of an upload in parts, and only then.
func TestInParts(t *testing.T) {
	t.Parallel()
	whole := &client.Record{Key: "whole", URL: "http://tus.example/files/1", Length: protocol.Known(2)}
	parts := &client.Record{Key: "parts", Length: protocol.Known(2), Parts: []client.PartRecord{{End: 1}, {Start: 1, End: 2}}}
	said := 0
	j := New(slog.New(slog.DiscardHandler), t.TempDir(), nil, func() { said++ })
	for _, r := range []*client.Record{whole, parts} {
		if err := j.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		key  string
		want int
	}{{"none", 0}, {"whole", 0}, {"parts", 1}, {"whole", 1}} {
		_, _ = j.Load(t.Context(), step.key)
		if said != step.want {
			t.Errorf("after %q: %d, want %d", step.key, said, step.want)
		}
	}
}
