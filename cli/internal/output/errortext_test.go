package output_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// Joined errors are shown on one line without an escaped line break, at any depth. A line
// break in a name or in the text of a server stays, and is escaped later.
func TestErrorText(t *testing.T) {
	t.Parallel()
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c\nd")
	tests := map[string]struct {
		err  error
		want string
	}{
		"plain":            {a, "a"},
		"line break":       {c, "c\nd"},
		"joined":           {errors.Join(a, b), "a; b"},
		"joined, wrapped":  {fmt.Errorf("x: %w: y", errors.Join(a, b)), "x: a; b: y"},
		"joined twice":     {errors.Join(errors.Join(a, b), a), "a; b; a"},
		"joined with text": {errors.Join(a, c), "a; c\nd"},
		"joined one":       {errors.Join(a), "a"},
		"two wrapped":      {fmt.Errorf("%w; %w", a, errors.Join(a, b)), "a; a; b"},
		"wrapped nothing":  {fmt.Errorf("x: %w", error(nil)), "x: %!w(<nil>)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := output.ErrorText(test.err); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
