package usage_test

import (
	"errors"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// First returns the name of an argument without brackets and dots.
func TestFirst(t *testing.T) {
	for use, want := range map[string]string{
		"upload [flags] ENDPOINT FILE...": usage.Endpoint,
		"terminate [flags] LOCATION...":   usage.Location,
		"serve [flags] [DIR]":             "DIR",
		"version":                         "",
		"uploads [flags]":                 "",
	} {
		if got := usage.First(&cobra.Command{Use: use}); got != want {
			t.Errorf("First(%q) = %q, want %q", use, got, want)
		}
	}
}

// Arguments accepts a number in its limits, and a most of 0 is no limit.
func TestArguments(t *testing.T) {
	tests := map[string]struct {
		least, most, args int
		ok                bool
	}{
		"too few":       {1, 2, 0, false},
		"at the limits": {1, 2, 2, true},
		"too many":      {1, 2, 3, false},
		"no limit":      {1, 0, 9, true},
	}
	for name, test := range tests {
		err := usage.Arguments(test.least, test.most, "one FILE")(nil, make([]string, test.args))
		if (err == nil) != test.ok {
			t.Errorf("%s: error %v, want success: %t", name, err, test.ok)
		}
	}
}

func TestError(t *testing.T) {
	wrong := errors.New("no such flag")
	if err := usage.Error(wrong); exit.Code(err) != exit.Usage || !errors.Is(err, wrong) {
		t.Errorf("%v with code %d, want %v and %v", err, exit.Code(err), wrong, exit.Usage)
	}
}
