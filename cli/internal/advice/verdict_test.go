package advice

import (
	"errors"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	gone, refused := exit.With(exit.Gone, errors.New("gone")), exit.With(exit.Refused, errors.New("no"))
	stopped := exit.With(exit.Interrupted, errors.New("interrupted"))
	tests := map[string]struct {
		errs []error
		code int
		text string
	}{
		"all well":          {[]error{nil, nil}, exit.OK, ""},
		"one of them":       {[]error{nil, gone}, exit.Some, "1 of 2 files failed: b"},
		"all for a reason":  {[]error{gone, gone}, exit.Gone, "2 of 2 files failed: a, b"},
		"all for several":   {[]error{gone, refused}, exit.Failed, "2 of 2 files failed: a, b"},
		"interrupted":       {[]error{nil, stopped}, exit.Interrupted, "1 of 2 files failed: b"},
		"not begun":         {[]error{nil, &Failure{Err: NotStarted(stopped)}}, exit.Interrupted, "0 of 2 files failed; 1 not begun"},
		"gone, not begun":   {[]error{gone, NotStarted(stopped)}, exit.Interrupted, "1 of 2 files failed: a; 1 not begun"},
		"interrupted, gone": {[]error{gone, stopped}, exit.Interrupted, "2 of 2 files failed: a, b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Verdict("files", []string{"a", "b"}, test.errs)
			if got := exit.Code(err); got != test.code {
				t.Errorf("code %d, want %d", got, test.code)
			}
			if err != nil && err.Error() != test.text {
				t.Errorf("text %q, want %q", err, test.text)
			}
		})
	}
}

// TestVerdictOfMany guards against a line of ten thousand names.
func TestVerdictOfMany(t *testing.T) {
	t.Parallel()
	names, errs := make([]string, 10000), make([]error, 10000)
	for i := range names {
		names[i], errs[i] = "x", errors.New("gone")
	}
	want := "10000 of 10000 files failed: x, x, x, x, x, x, x, x, x, x and 9990 more"
	if got := Verdict("files", names, errs).Error(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
