package partial_test

import (
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/client/internal/partial"
	"github.com/tusker-go/tusker/protocol"
)

func TestContentRange(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value string
		want  partial.Range
		ok    bool
	}{
		"whole":           {"bytes 0-9/10", partial.Range{0, 10, protocol.Known(10)}, true},
		"rest":            {"bytes 5-9/10", partial.Range{5, 10, protocol.Known(10)}, true},
		"middle":          {"bytes 5-5/10", partial.Range{5, 6, protocol.Known(10)}, true},
		"length unknown":  {"bytes 5-9/*", partial.Range{5, 10, protocol.Length{}}, true},
		"capitals":        {"Bytes 5-9/10", partial.Range{5, 10, protocol.Known(10)}, true},
		"none":            {"", partial.Range{}, false},
		"other unit":      {"items 5-9/10", partial.Range{}, false},
		"not satisfied":   {"bytes */10", partial.Range{}, false},
		"backwards":       {"bytes 9-5/10", partial.Range{}, false},
		"past the length": {"bytes 5-10/10", partial.Range{}, false},
		"signs":           {"bytes +5-9/10", partial.Range{}, false},
		"too large":       {"bytes 5-9223372036854775808/*", partial.Range{}, false},
		"no end":          {"bytes 5-9223372036854775807/*", partial.Range{}, false},
		"no length":       {"bytes 5-9", partial.Range{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := partial.ContentRange(http.Header{"Content-Range": {test.value}})
			if got != test.want || (err == nil) != test.ok {
				t.Errorf("partial.ContentRange(%q) = %+v, %v, want %v and success: %t", test.value, got, err, test.want, test.ok)
			}
		})
	}
	t.Run("several", func(t *testing.T) {
		t.Parallel()
		h := http.Header{"Content-Range": {"bytes 0-9/10"}, "Content-Type": {"Multipart/Byteranges; boundary=x"}}
		if got, err := partial.ContentRange(h); err == nil {
			t.Errorf("range %+v, want an error", got)
		}
	})
}

func TestUnsatisfied(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]protocol.Length{
		"bytes */0": protocol.Known(0), "Bytes */17": protocol.Known(17),
		"": {}, "bytes */*": {}, "bytes 0-0/1": {}, "items */3": {}, "bytes */-3": {},
	} {
		if got := partial.Unsatisfied(http.Header{"Content-Range": {value}}); got != want {
			t.Errorf("Unsatisfied(%q) = %v, want %v", value, got, want)
		}
	}
}
