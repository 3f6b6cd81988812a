package flags

import (
	"testing"

	"github.com/tusker-go/tusker/client"
)

func TestParts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Parts{"1": 1, "32": 32, "auto": client.ParallelAuto, "0": 0, "-1": 0, "": 0, "many": 0} {
		var got Parts
		if err := got.Set(text); (err == nil) != (want != 0) || got != want {
			t.Errorf("Set(%q) gives %d (%v), want %d", text, got, err, want)
		}
		if want != 0 && got.String() != text {
			t.Errorf("%q is written %q", text, got.String())
		}
	}
}
