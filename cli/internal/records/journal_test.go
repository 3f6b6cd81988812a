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

// The record of a result is found by the URL of the upload or of one of its parts, as long as the
// record is stored.
func TestKeyOf(t *testing.T) {
	t.Parallel()
	j := New(slog.New(slog.DiscardHandler), t.TempDir(), nil, func() {})
	whole := &client.Record{Key: "whole", URL: "http://tus.example/files/1", Length: protocol.Known(2)}
	parts := &client.Record{Key: "parts", Length: protocol.Known(2), Parts: []client.PartRecord{{End: 1, URL: "http://tus.example/files/2"}, {Start: 1, End: 2}}}
	want := func(key, url string, parts ...string) {
		t.Helper()
		result := &client.Result{URL: url}
		for _, part := range parts {
			result.Parts = append(result.Parts, &client.Result{URL: part})
		}
		if got := j.KeyOf(result); got != key {
			t.Errorf("the key for %q and the parts %q is %q, want %q", url, parts, got, key)
		}
	}
	want("", whole.URL)
	for _, r := range []*client.Record{whole, parts} {
		if err := j.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want("whole", whole.URL)
	want("parts", "", "", "http://tus.example/files/2")
	want("", "", "")
	whole.URL = "http://tus.example/files/3"
	if err := j.Save(t.Context(), whole); err != nil {
		t.Fatal(err)
	}
	want("", "http://tus.example/files/1")
	want("whole", "http://tus.example/files/3")
	if err := j.Delete(t.Context(), "whole", whole.Revision); err != nil {
		t.Fatal(err)
	}
	want("", "http://tus.example/files/3")
}
